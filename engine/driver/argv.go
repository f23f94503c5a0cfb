package driver

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"runbook/engine/module"
)

// The placeholders that all drivers have.
const (
	ID      = "id"      // what the tool calls the device
	Address = "address" // of the device in the network
	Log     = "log"     // path of its log
	Lines   = "lines"   // how many lines of it: for logs alone
)

// common are the placeholders that every command may have.
var common = []string{ID, Address, Log}

// placeholder is one in a word of argv.
var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// PlaceholdersIn lists the placeholders of an argv, each once.
func PlaceholdersIn(argv []string) []string {
	var names []string
	for _, word := range argv {
		for _, m := range placeholder.FindAllStringSubmatch(word, -1) {
			if !slices.Contains(names, m[1]) {
				names = append(names, m[1])
			}
		}
	}
	return names
}

// checkArgv says what is wrong with a command of a driver that has those placeholders of its own; nil if nothing is. The program must be
// said outright: which program runs is not for a site file to say.
func (c *Command) checkArgv(own []Placeholder) error {
	if len(c.Argv) == 0 || strings.ContainsAny(c.Argv[0], "{} ") || c.Argv[0] == "" {
		return errors.New(`it begins with the name of a program: { "photon-debug", "--list-devices" }`)
	}
	known := slices.Clone(common)
	if c.Purpose == Logs {
		known = append(known, Lines)
	}
	for _, p := range own {
		known = append(known, p.Name)
	}
	for _, word := range c.Argv {
		if anything(word) {
			return fmt.Errorf("the word %q would stand for anything: say it outright, or have a placeholder", word)
		}
		if fault := unprintable(word); fault != "" {
			return fmt.Errorf("%q %s", word, fault)
		}
		if strings.ContainsAny(placeholder.ReplaceAllString(word, ""), "{}") {
			return fmt.Errorf("%q has a bracket without the other one", word)
		}
	}
	for _, name := range PlaceholdersIn(c.Argv) {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no placeholder {%s}%s", name, module.Suggest(name, known))
		}
	}
	if c.Purpose.one() && !slices.ContainsFunc(c.Argv, func(w string) bool { return strings.Contains(w, "{") }) {
		return fmt.Errorf("it names no device: a command that changes something has a placeholder such as {%s}", ID)
	}
	return nil
}

// one tells whether a command for that purpose must be about one device. One that would change all of them at once is none of a device.
func (p Purpose) one() bool { return p.Changes() }

// Fill is the argv of a command with the placeholders filled in. A value that could be taken for an option, or that no terminal could show,
// is refused.
func (c *Command) Fill(values map[string]string) ([]string, error) {
	out := make([]string, len(c.Argv))
	for i, word := range c.Argv {
		var err error
		out[i] = placeholder.ReplaceAllStringFunc(word, func(found string) string {
			name := found[1 : len(found)-1]
			value, fault := values[name], ""
			switch fault = CheckValue(value); {
			case value == "":
				err = fmt.Errorf("the device has no %s", name)
			case fault != "":
				err = fmt.Errorf("the device's %s, %q, %s", name, value, fault)
			}
			return value
		})
		if err == nil && anything(out[i]) {
			err = fmt.Errorf("the word %q would stand for anything", out[i])
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// anything tells whether a word would stand for others in a pattern of commands (action.Commands).
func anything(word string) bool { return word == "*" || word == "..." }

// CheckValue says what is wrong with the value of a placeholder; "" if nothing is.
func CheckValue(value string) string {
	switch {
	case strings.HasPrefix(value, "-"):
		return "begins with a dash: it would be taken for an option"
	case anything(value):
		return "would stand for anything"
	}
	return unprintable(value)
}

func unprintable(value string) string {
	if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }) {
		return "has a character that is none of a text"
	}
	return ""
}

// Pattern is Fill with words that stand for anything (action.Commands): a word that is nothing but one of the free placeholders is what that
// has in free. Elsewhere a free placeholder cannot be.
func (c *Command) Pattern(values, free map[string]string) ([]string, error) {
	outright := *c
	outright.Argv = slices.Clone(c.Argv)
	at := map[int]string{}
	for i, word := range c.Argv {
		if m := placeholder.FindStringSubmatch(word); m != nil && m[0] == word && free[m[1]] != "" {
			at[i], outright.Argv[i] = free[m[1]], "free"
		}
	}
	out, err := outright.Fill(values)
	for i, word := range at {
		if err == nil {
			out[i] = word
		}
	}
	return out, err
}
