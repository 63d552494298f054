"""The rules by which the doctor tells what goes wrong: a file a failure."""
