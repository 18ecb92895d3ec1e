"""Why traffic between two connected VNets does not pass. Pure: no module here reads or writes anything."""
