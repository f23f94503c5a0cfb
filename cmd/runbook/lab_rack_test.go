//go:build lab

package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"runbook/engine/command/shell"
)

// rackWord is a word of a shell that stands for itself: plain characters and patterns, or quoted. Nothing in it runs or
// expands a thing, or leads output anywhere.
const rackWord = `(?:[\w@%+=:,./*?~!-]|'[^']*'|"[^"$` + "`" + `\\]*"|\\[^\n])+`

var (
	rackWords   = regexp.MustCompile(rackWord)
	rackCommand = regexp.MustCompile(`^[ \t]*` + rackWord + `(?:[ \t]+` + rackWord + `)*[ \t]*$`)
	findActs    = regexp.MustCompile(`^-(delete|exec|ok|fprint|fls)`)
	unquote     = strings.NewReplacer(`'`, "", `"`, "", `\`, "")
)

// rackReaders change nothing, whatever they are told.
var rackReaders = []string{"ls", "cat", "df", "du", "stat", "tail", "head", "true", "ps", "ping"}

// looksOnRack tells whether a command on the rack changes nothing, also under our own supervision. It knows commands that do not; any other is a change, and so
// is what a shell would have to be understood for.
func looksOnRack(command string) bool {
	if rest, ours := strings.CutPrefix(command, strings.TrimSuffix(shell.Line(shell.Words("")), "''")); ours {
		w, argv, _ := strings.Cut(rest, " ")
		looksItself := w == string(shell.Find) || w == string(shell.Name)
		return looksItself || w == string(shell.Run) && looksOnRack(argv)
	}
	if !rackCommand.MatchString(command) {
		return false
	}
	var words []string
	for _, word := range rackWords.FindAllString(command, -1) {
		words = append(words, unquote.Replace(word))
	}
	program, args := words[0], words[1:]
	subcommand := ""
	if len(args) > 0 {
		subcommand = args[0]
	}
	switch program {
	case "find":
		return !slices.ContainsFunc(args, findActs.MatchString)
	case "command":
		return subcommand == "-v" // as the lab itself asks when the rack starts
	case "photon-debug":
		return subcommand == "--list-devices"
	case "lightmatter-cli":
		return subcommand == "status" || subcommand == "calibrate" && slices.Contains(args, "--verify")
	case "fpga-util":
		return subcommand == "list"
	case "mit-photonic-cli":
		return subcommand == "diagnose"
	}
	return slices.Contains(rackReaders, program)
}

func supervised(w shell.Want, argv ...string) string { return shell.Line(shell.Words(w, argv...)) }

func TestLabRackCommandsThatLook(t *testing.T) {
	for command, want := range map[string]bool{
		"photon-debug --list-devices":                           true,
		"lightmatter-cli status --json":                         true,
		"lightmatter-cli calibrate --device envise-1 --verify":  true,
		"'lightmatter-cli' 'status'":                            true,
		"command -v photon-debug":                               true,
		"fpga-util list":                                        true,
		"mit-photonic-cli diagnose --verbose":                   true,
		"ls -l 'cache/old copy (1).mlirbc' cache/a\\ b cache/*": true,
		`cat "etc/config.yaml"`:                                 true,
		"find cache ! -name index.json":                         true,
		"find cache -name '*.mlirbc; rm' -mtime +7":             true,
		"df -h /": true, "du -sh cache": true, "stat etc": true, "tail -n 3 x": true, "head x": true, "true": true, "ps aux": true,

		supervised(shell.Run, "lightmatter-cli", "status"): true,
		supervised(shell.Run, "cat", "it's here"):          true,
		supervised(shell.Find, "rm"):                       true,
		supervised(shell.Name):                             true,
		supervised(shell.Run, "rm", "x"):                   false,
		supervised(shell.Feed, "cat"):                      false,
		supervised(shell.End, "12"):                        false,
		supervised(shell.Run, "cat", "x") + "; rm x":       false,

		"":                false,
		"! rm x":          false,
		"command rm x":    false,
		"rm -rf cache":    false,
		"lightmatter-cli": false,
		"lightmatter-cli reset --device envise-1":     false,
		"lightmatter-cli calibrate --device envise-1": false,
		"photon-debug --reconnect-device envise-1":    false,
		"mit-photonic-cli reset --array mit-1":        false,
		"find cache -delete":                          false,
		"find cache '-del'ete":                        false,
		"find cache -exec rm {} +":                    false,
		"find cache -execdir rm x +":                  false,
		"find cache -fprint x":                        false,
		"ls; rm x":                                    false,
		"ls && rm x":                                  false,
		"ls | sh":                                     false,
		"ls & rm x":                                   false,
		"ls\nrm x":                                    false,
		"ls > x":                                      false,
		"cat <(rm x)":                                 false,
		"ls $(rm x)":                                  false,
		"ls `rm x`":                                   false,
		`ls "$(rm x)"`:                                false,
		`ls "\"; rm x; \""`:                           false,
		"ls 'a":                                       false,
		"ls # '\nrm x\n'":                             false,
		"sh -c 'rm x'":                                false,
		"LC_ALL=C ls":                                 false,
	} {
		assert.Equal(t, want, looksOnRack(command), command)
	}
}
