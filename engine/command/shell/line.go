// Package shell runs commands on a machine that is reached by way of its shell: the command.Runner of a host behind ssh, or of a pod.
//
// Whatever the way is (a Transport), it takes a line, hands it to the shell of a login, and tells how that ended. Around a command this
// package puts a few lines of POSIX shell, which find its program, tell its output from what a login prints before it, and end it with
// everything that it has started: when its time is up, when this program is gone, or when the connection is. Nothing is left on the
// machine, and nothing has to be installed there. No argument reaches a shell unquoted. Read next: supervise.sh, then runner.go;
// engine/command/ssh for a Transport.
package shell

import (
	_ "embed"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/command"
)

//go:embed supervise.sh
var commented string

// supervision is what stands around a command, as one line.
var supervision = joined(commented)

func joined(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, " ")
}

// A Want is what a login is for, as supervise.sh calls it.
type Want string

// The wants.
const (
	Run  Want = "run"  // a command without input
	Feed Want = "feed" // one with input
	Find Want = "find" // where a program is
	Name Want = "name" // what the machine calls itself
	End  Want = "end"  // the end of the processes of another login
)

// Words are a command under supervision, for whoever can start a program without a shell.
func Words(w Want, argv ...string) []string {
	words := []string{"/bin/sh", "-c", `eval "$1"`, "runbook", supervision, string(w)}
	for _, word := range argv {
		words = append(words, folded(word))
	}
	return words
}

// fold begins a word that is written otherwise than it is: csh knows no line end in a word. The supervision writes it as it is again.
const fold = "=folded="

// How line ends, and backslashes for their sake, are written in such a word, as printf knows them after %b.
var (
	folding   = strings.NewReplacer("\\", `\0134`, "\n", `\0012`)
	unfolding = strings.NewReplacer(`\0134`, "\\", `\0012`, "\n")
)

func folded(word string) string {
	if strings.Contains(word, "\n") || strings.HasPrefix(word, fold) {
		return fold + folding.Replace(word)
	}
	return word
}

func unfolded(word string) string {
	if text, is := strings.CutPrefix(word, fold); is {
		return unfolding.Replace(text)
	}
	return word
}

// before is how many words come before a Want.
var before = len(Words("")) - 1

// Parse reads what Words made: what is wanted, and of which command. It is for who answers for a machine, and for who lets commands pass.
func Parse(line []string) (w Want, argv []string, ok bool) {
	if len(line) <= before || !slices.Equal(line[:before], Words("")[:before]) {
		return "", nil, false
	}
	for _, word := range line[before+1:] {
		plain := unfolded(word)
		if folded(plain) != word { // the machine might read another word than we do
			return "", nil, false
		}
		argv = append(argv, plain)
	}
	return Want(line[before]), argv, true
}

// Line is a command as one line for the shell of a login, whichever that is: sh and its relatives, csh, fish. Each word arrives as it is.
func Line(argv []string) string {
	var out strings.Builder
	out.WriteString("exec")
	for _, word := range argv {
		out.WriteByte(' ')
		quote(&out, word)
	}
	return out.String()
}

// quote writes a word. What stands between quotes is itself everywhere, but for a quote and what csh and fish take out of quotes: that
// stands outside of them, where a backslash before it does the same in every shell.
func quote(out *strings.Builder, word string) {
	if word != "" && strings.Trim(word, plain) == "" {
		out.WriteString(word)
		return
	}
	out.WriteByte('\'')
	for i := range len(word) {
		switch c := word[i]; c {
		case '\'', '\\', '!':
			out.WriteString(`'\`)
			out.WriteByte(c)
			out.WriteByte('\'')
		default:
			out.WriteByte(c)
		}
	}
	out.WriteByte('\'')
}

// plain are the characters that no shell takes for anything else.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:,@"

// longest is how long a line may be: a machine with Linux takes 128 KiB for one argument, which the line is to the login's shell.
const longest = 120 << 10

// check refuses what cannot be handed over.
func check(argv []string, line string) error {
	if e := command.Unpassable(argv); e != nil {
		return e
	}
	if len(line) > longest {
		return action.Errorf(action.CodeInvalid, "cannot run %s: the command is %d bytes long, and another machine takes %d",
			command.Line(argv[:1]), len(line), longest).Try(command.TooLong)
	}
	return nil
}
