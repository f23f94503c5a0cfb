package ssh

import (
	"fmt"
	"strings"

	"runbook/engine/action"
	"runbook/engine/command"
)

// byHand is how a person reaches the host.
func (c Config) byHand(more ...string) string {
	argv := []string{"ssh"}
	if c.ConfigFile != "" {
		argv = append(argv, "-F", c.ConfigFile)
	}
	return command.Line(append(append(argv, c.Destination), more...))
}

// A symptom is how OpenSSH says what keeps it out.
type symptom struct {
	says []string // any of these
	code action.Code
	why  string
	try  func(Config) string
	// again says that it may be another in a moment.
	again bool
}

// symptoms are looked for in order: what comes first is the cause of what comes after.
var symptoms = []symptom{
	{
		says: []string{"REMOTE HOST IDENTIFICATION HAS CHANGED", "HOST IDENTIFICATION HAS CHANGED"}, code: action.CodeConflict,
		why: "its key is another one than the known one, so it may be another machine",
		try: func(c Config) string {
			return "ask who runs it whether its key was changed. If it was, forget the old one (ssh-keygen -R) and compare the new one: " + c.byHand()
		},
	},
	{
		says: []string{"host key is known for", "Host key verification failed", "known by any other names"}, code: action.CodeUnauth,
		why: "nobody has said yet that its key is the right one",
		try: func(c Config) string {
			return "compare its key with what who runs it says, and accept it once by hand: " + c.byHand()
		},
	},
	{
		says: []string{"Could not resolve hostname"}, code: action.CodeNotFound, why: "there is no machine of that name",
		try: func(c Config) string {
			return fmt.Sprintf("look what address ssh makes of it: %s -G %s", strings.TrimSuffix(c.byHand(), " "+command.Line([]string{c.Destination})), command.Line([]string{c.Destination}))
		},
	},
	{
		says: []string{"Bad configuration option", "Can't open user config file", "Bad owner or permissions", "terminating,", "no argument after keyword", "unsupported option", "Bad stdio forwarding", "hostname contains invalid characters", "remote username contains invalid characters"},
		code: action.CodeInvalid, why: "ssh does not take its configuration",
		try: func(c Config) string { return "see what it holds: " + c.byHand() },
	},
	{
		says: []string{"Permission denied", "Too many authentication failures", "No more authentication methods", "no mutual signature"}, code: action.CodeForbidden,
		why: "it lets nobody in with the keys that you have",
		try: func(c Config) string {
			return "look which keys you have (ssh-add -l) and which are tried: " + strings.Replace(c.byHand("true"), "ssh ", "ssh -v -o BatchMode=yes ", 1)
		},
	},
	{
		says: []string{"Connection refused"}, code: action.CodeUnavailable, again: true, why: "no ssh server answers there",
		try: func(c Config) string {
			return "look whether the machine is up, and whether that is its port: " + c.byHand("true")
		},
	},
	{
		says: []string{"timed out", "No route to host", "Network is unreachable", "Host is down"}, code: action.CodeUnavailable, again: true, why: "it does not answer",
		try: func(c Config) string {
			return "look whether the machine is up, and whether you are in its network: " + c.byHand("true")
		},
	},
}

// failure is the error of an ssh that made no connection, by what it said. Nothing was run.
func (c Config) failure(said string) *action.Error {
	for _, s := range symptoms {
		for _, text := range s.says {
			if strings.Contains(said, text) {
				return s.of(c, said)
			}
		}
	}
	return action.Errorf(action.CodeUnavailable, "cannot reach the host %s%s", c.Name, command.Ending(said)).Again().
		Try("see what becomes of it by hand: %s", c.byHand("true"))
}

func (s symptom) of(c Config, said string) *action.Error {
	e := action.Errorf(s.code, "cannot reach the host %s: %s%s", c.Name, s.why, command.Ending(said)).Try("%s", s.try(c))
	if s.again {
		return e.Again()
	}
	return e
}
