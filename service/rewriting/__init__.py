"""From a plan to text that has been proved: planning, placing, compiling, proving, migration."""
