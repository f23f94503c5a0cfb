package scenario

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"runbook/engine/contact"
)

// checkContacts finds what is wrong with who is told, and how. The receivers of a matrix may be those of the scenario that this one
// extends, so only a scenario that extends none is asked for them.
func (s *Scenario) checkContacts(f file) error {
	if p := contact.CheckSimulated(s.Notify.Receivers); p != nil {
		return f.at(p.Err, append([]any{"notify", "receivers"}, p.Path...)...)
	}
	known := s.Notify.Receivers
	if s.Extends != "" {
		known = maps.Clone(known)
		if known == nil {
			known = map[string]contact.Receiver{}
		}
		for _, rung := range s.Escalation {
			for _, step := range rung.Path {
				if _, own := known[step.Receiver]; !own {
					known[step.Receiver] = contact.Receiver{}
				}
			}
		}
	}
	if p := s.Escalation.Check(known); p != nil {
		return f.at(p.Err, append([]any{"escalation"}, p.Path...)...)
	}
	for i, silence := range s.Alertmanager.Silences {
		if field, err := silence.check(); err != nil {
			return f.at(err, "alertmanager", "silences", i, field)
		}
	}
	return nil
}

var matcherForm = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)(=~|!~|!=|=)"?(.*?)"?$`)

// A Matcher is one condition of a silence.
type Matcher struct {
	Name, Value  string
	Regex, Equal bool
}

// Parsed are the matchers of a silence, which was checked.
func (s Silence) Parsed() (list []Matcher) {
	for _, text := range s.Matchers {
		found := matcherForm.FindStringSubmatch(text)
		list = append(list, Matcher{
			Name: found[1], Value: found[3], Regex: slices.Contains([]string{"=~", "!~"}, found[2]), Equal: found[2][0] == '=',
		})
	}
	return list
}

func (s Silence) check() (field string, err error) {
	if len(s.Matchers) == 0 {
		return "matchers", errors.New(`a silence says of which alerts: matchers: ['alertname="PhotonCompilerDown"']`)
	}
	for _, text := range s.Matchers {
		if !matcherForm.MatchString(text) {
			return "matchers", fmt.Errorf(`%q is no matcher such as device_id=~"envise-.*"`, text)
		}
	}
	return "", nil
}
