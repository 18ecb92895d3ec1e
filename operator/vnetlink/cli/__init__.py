"""Commands that answer a question about Azure and end. They need no cluster and write nothing."""
