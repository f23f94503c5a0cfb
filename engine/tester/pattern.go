package tester

import (
	"encoding/json"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/module"
)

// fits tells whether a text is what a pattern says, in which * stands for any text.
func fits(pattern, text string) bool {
	head, rest, more := strings.Cut(pattern, "*")
	if !more {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, head)
	if !ok {
		return false
	}
	for {
		part, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(text, rest)
		}
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text, rest = text[at+len(part):], after
	}
}

// A pattern says which actions are meant: "kubernetes.delete pods/web-* in shop grace=5".
type pattern struct {
	text     string
	verb     string
	kind     string
	name     string // "" for any
	scope    string // "" for any
	args     []action.Arg
	branch   *string
	status   string // "" for any
	attempts int    // 0 for any
}

// patternFields are the fields of an action that is written as a table.
var patternFields = []module.Param{
	{Name: "action", Kind: module.String, Required: true},
	{Name: "branch", Kind: module.String},
	{Name: "status", Kind: module.String},
	{Name: "attempts", Kind: module.Integer, Min: module.Bound(1)},
}

// patternsOf reads a list of actions as a test writes them. verbs are those that there are.
func patternsOf(list []any, verbs []string) ([]pattern, error) {
	out := make([]pattern, len(list))
	for i, item := range list {
		var err error
		if out[i], err = patternOf(item, verbs); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func patternOf(item any, verbs []string) (pattern, error) {
	if text, ok := item.(string); ok {
		return parsePattern(text, verbs)
	}
	a, err := module.BindOptions("an action", patternFields, item)
	if err != nil {
		return pattern{}, err
	}
	p, err := parsePattern(a.String("action"), verbs)
	if branch, given := a["branch"].(string); given {
		p.branch = &branch
		p.text += " (branch " + branch + ")"
	}
	if p.status = a.String("status"); p.status != "" {
		p.text += " (" + p.status + ")"
	}
	attempts, given := a.Int("attempts")
	if p.attempts = int(attempts); given {
		p.text += " (attempts: " + action.Text(attempts) + ")"
	}
	return p, err
}

// parsePattern reads "VERB TARGET [in SCOPE] [NAME=VALUE ...]". A target is KIND/NAME, or KIND NAME where the name begins with a slash.
func parsePattern(text string, verbs []string) (pattern, error) {
	p := pattern{text: strings.Join(strings.Fields(text), " ")}
	whole := text
	wrong := func(what string) error {
		return action.Errorf(action.CodeInvalid, "%q is no action: %s", whole, what).
			Try(`an action is "VERB TARGET [in NAMESPACE] [ARGUMENT=VALUE ...]": "kubernetes.scale deployments/web replicas=4"`)
	}
	p.verb, text = nextWord(text)
	if p.verb == "" {
		return p, wrong("it is empty")
	}
	if !slices.ContainsFunc(verbs, func(verb string) bool { return fits(p.verb, verb) }) {
		return p, wrong("there is no verb " + p.verb + meant(p.verb, verbs))
	}
	target, rest := nextWord(text)
	if target != "in" && !strings.Contains(target, "=") {
		p.kind, p.name, _ = strings.Cut(target, "/")
		text = rest
		if name, after := nextWord(rest); p.name == "" && strings.HasPrefix(name, "/") { // as in "files /var/log"
			p.name, text = name, after
		}
	}
	if in, rest := nextWord(text); in == "in" {
		if p.scope, text = nextWord(rest); p.scope == "" {
			return p, wrong("it ends with in")
		}
	}
	var ok bool
	if p.args, ok = parseArgs(text); !ok {
		return p, wrong("arguments are NAME=VALUE, a value with spaces in double quotes")
	}
	return p, nil
}

// meant suggests a verb: one of a system, where only its last word was given.
func meant(verb string, verbs []string) string {
	for _, v := range verbs {
		if strings.HasSuffix(v, "."+verb) {
			verb = v
		}
	}
	return module.DidYouMean(verb, verbs)
}

func nextWord(text string) (word, rest string) {
	word, rest, _ = strings.Cut(strings.TrimSpace(text), " ")
	return word, rest
}

// parseArgs reads NAME=VALUE, where a value is a word or JSON.
func parseArgs(text string) (out []action.Arg, ok bool) {
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		name, rest, found := strings.Cut(text, "=")
		if !found || name == "" || strings.ContainsAny(name, " \"") {
			return nil, false
		}
		if rest == "" || !strings.ContainsAny(rest[:1], `"[{`) {
			word, after, _ := strings.Cut(rest, " ")
			out, text = append(out, action.Arg{Name: name, Value: word}), after
			continue
		}
		in := json.NewDecoder(strings.NewReader(rest))
		var value any
		if in.Decode(&value) != nil {
			return nil, false
		}
		if _, word := value.(string); !word {
			value = action.Text(value)
		}
		out, text = append(out, action.Arg{Name: name, Value: value}), rest[in.InputOffset():]
	}
	return out, true
}

// matches tells whether an action is meant.
func (p *pattern) matches(a act) bool {
	c := a.record.Call
	return fits(p.verb, c.Verb) && p.matchesTarget(c.Target) && p.matchesArgs(args(c)) &&
		(p.branch == nil || fits(*p.branch, a.record.Branch)) && (p.status == "" || p.status == a.status) &&
		(p.attempts == 0 || p.attempts == a.attempts)
}

func (p *pattern) matchesTarget(t action.Target) bool {
	return (p.kind == "" || fits(p.kind, t.Resource()) || fits(p.kind, t.Kind)) &&
		(p.name == "" || fits(p.name, t.Name)) && (p.scope == "" || fits(p.scope, t.Scope))
}

func (p *pattern) matchesArgs(given []action.Arg) bool {
	for _, wanted := range p.args {
		at := slices.IndexFunc(given, func(a action.Arg) bool { return a.Name == wanted.Name })
		if at < 0 || !fits(wanted.Value.(string), word(given[at].Value)) {
			return false
		}
	}
	return true
}

// word is a value as it is compared: a text as it stands, anything else as JSON.
func word(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return action.Text(v)
}
