# Prints the command of a login as one line of JSON, whatever is in it. A login without one is interactive, and has null.
# It is run with LC_ALL=C, so that a character is a byte.
BEGIN {
  for (i = 1; i < 32; i++) escaped[sprintf("%c", i)] = sprintf("\\u%04x", i)
  escaped["\""] = "\\\""
  escaped["\\"] = "\\\\"
  command = ENVIRON["SSH_ORIGINAL_COMMAND"]
  printf "{\"time\":\"%s\",\"command\":", time
  if (command == "") {
    print "null}"
    exit
  }
  printf "\""
  n = length(command)
  for (i = 1; i <= n; i++) {
    c = substr(command, i, 1)
    printf "%s", (c in escaped) ? escaped[c] : c
  }
  print "\"}"
}
