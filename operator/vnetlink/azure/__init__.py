"""Azure Resource Manager: the only package that imports azure.*; everybody else sees domain values."""
