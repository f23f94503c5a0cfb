// Package shell writes text that a POSIX shell will read. It runs none.
package shell

import (
	"regexp"
	"strings"
)

// plain is what needs no quotes.
var plain = regexp.MustCompile(`^[-_./:@%+=,A-Za-z0-9]+$`)

// Word is text as one word of a shell, in quotes only where it needs them: for people to read.
func Word(text string) string {
	if plain.MatchString(text) {
		return text
	}
	return Quoted(text)
}

// Quoted is text as one word of a shell.
func Quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
