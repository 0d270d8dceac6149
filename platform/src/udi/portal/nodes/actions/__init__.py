"""What changes in this domain: who may push, what is pushed, what is reported."""
