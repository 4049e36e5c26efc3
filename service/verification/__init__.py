"""What must hold of a rewritten text, whoever made it: it is read anew, as a stranger would."""
