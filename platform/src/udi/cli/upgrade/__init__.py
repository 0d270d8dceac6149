"""`udi upgrade`: one release after another on a machine that the play made, without refusing a request."""
