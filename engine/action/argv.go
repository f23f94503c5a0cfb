package action

import "strings"

// The names of arguments that are commands: those of which a dry run tells that it really ran them.
const (
	Argv    = "argv"     // of a read: what it runs; of an action: what it would run
	LooksBy = "looks_by" // of an action: what it runs to find out how its target is
)

// argvOn begins the name of an argument that is a command on one machine of several.
const argvOn = Argv + " on "

// ArgvOn names an argument that is a command on that machine, of a read that is about several.
func ArgvOn(machine string) string { return argvOn + machine }

// MachineOfArgv is the machine of an argument that ArgvOn named.
func MachineOfArgv(name string) (machine string, ok bool) { return strings.CutPrefix(name, argvOn) }

// Commands is a list of command patterns that are known to change nothing. A command is an argument vector, never a shell
// string; one that matches no pattern is an action.
//
// A pattern is a list of words. A word stands for itself, except that "*" stands for exactly one argument and "..." (last only)
// for any number of them; neither ever stands for an argument that begins with a dash, because options are what turns a command
// that looks into one that changes.
type Commands [][]string

// Match tells whether argv is a command that only looks, according to one of the patterns.
func (c Commands) Match(argv []string) bool {
	for _, pattern := range c {
		if matchWords(pattern, argv) {
			return true
		}
	}
	return false
}

func matchWords(pattern, argv []string) bool {
	if len(argv) == 0 {
		return false
	}
	for i, word := range pattern {
		if word == "..." && i == len(pattern)-1 {
			return noneIsOption(argv[i:])
		}
		if i >= len(argv) {
			return false
		}
		if word == "*" {
			if isOption(argv[i]) {
				return false
			}
			continue
		}
		if word != argv[i] {
			return false
		}
	}
	return len(argv) == len(pattern)
}

func noneIsOption(args []string) bool {
	for _, a := range args {
		if isOption(a) {
			return false
		}
	}
	return true
}

func isOption(arg string) bool { return strings.HasPrefix(arg, "-") }
