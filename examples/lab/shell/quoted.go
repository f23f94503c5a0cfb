// Package shell writes text that a POSIX shell will read. It runs none.
package shell

import "strings"

// Quoted is text as one word of a shell.
func Quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
