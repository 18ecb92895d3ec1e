"""The API server: the only importer of the Kubernetes client. Reads and writes our objects, tells events; decides nothing about Azure."""
