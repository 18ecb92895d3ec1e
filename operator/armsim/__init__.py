"""armsim: an Azure Resource Manager for evaluation and tests, written from what Azure was seen to do."""
