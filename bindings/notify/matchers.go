package notify

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/contact"
)

// A matcher is one condition of a silence on a label, as Alertmanager has it.
type matcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual bool   `json:"isEqual"`
}

// UnmarshalJSON reads one. Before there was isEqual all were equal.
func (m *matcher) UnmarshalJSON(text []byte) error {
	type plain matcher
	p := plain{IsEqual: true}
	err := json.Unmarshal(text, &p)
	*m = matcher(p)
	return err
}

// String is the matcher as amtool takes it.
func (m matcher) String() string {
	return quotedName(m.Name) + map[bool]map[bool]string{true: {true: "=~", false: "="}, false: {true: "!~", false: "!="}}[m.IsEqual][m.IsRegex] + quoted(m.Value)
}

// matchersText is a list of them in one line, the same for the same ones.
func matchersText(list []matcher) string {
	texts := make([]string, len(list))
	for i, m := range list {
		texts[i] = m.String()
	}
	slices.Sort(texts)
	return strings.Join(texts, ", ")
}

// matcherForm is how amtool takes a matcher: a name that has a character with a meaning in it stands in quotes.
var matcherForm = regexp.MustCompile(`^\s*("(?:[^"\\]|\\.)*"|[^\s{}!=~,\\"'\x60]+)\s*(=~|!~|!=|=)\s*(.*?)\s*$`)

// matchersOf reads the matchers of a call: values by label, or texts such as instance=~"envise-.*".
func matchersOf(function string, v any) (list []matcher, err error) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			text, ok := v[name].(string)
			if !ok || !contact.IsLabelName(name) {
				return nil, action.Errorf(action.CodeInvalid, `%s: matchers: %q must be the name of a label, with a text`, function, name)
			}
			list = append(list, matcher{Name: name, Value: text, IsEqual: true})
		}
	case []any:
		for i, item := range v {
			text, ok := item.(string)
			if !ok {
				return nil, action.Errorf(action.CodeInvalid, "%s: matchers[%d] must be a text", function, i+1)
			}
			m, err := parseMatcher(text)
			if err != nil {
				return nil, action.Errorf(action.CodeInvalid, "%s: matchers[%d]: %w", function, i+1, err)
			}
			list = append(list, m)
		}
	default:
		return nil, action.Errorf(action.CodeInvalid, `%s: matchers must be { alertname = "…" }, or a list such as { 'instance=~"envise-.*"' }`, function)
	}
	return list, narrow(function, list)
}

// narrow refuses a silence of everything, as Alertmanager does, and of everything but something, which it lets pass: every alert has a name.
func narrow(function string, list []matcher) error {
	for _, m := range list {
		if m.asks() && (m.Name != "alertname" || !m.any()) {
			return nil
		}
	}
	return action.Errorf(action.CodeInvalid, "%s: these matchers fit every alert: at least one has to ask for a value", function)
}

// asks tells whether an alert has to have the label.
func (m matcher) asks() bool {
	return m.IsEqual && !m.IsRegex && m.Value != "" || m.IsRegex && m.IsEqual && !matches(m.Value, "")
}

// any tells whether the value of the label does not matter, as far as one can tell by two that have nothing in common.
func (m matcher) any() bool {
	return m.IsEqual && m.IsRegex && matches(m.Value, "Yq-7_z") && matches(m.Value, "0")
}

// wide warns of matchers that ask for no value: they fit every alert that has the label.
func wide(list []matcher) (warnings []string) {
	var labels []string
	for _, m := range list {
		switch {
		case m.asks() && !m.any():
			return nil
		case m.asks():
			labels = append(labels, m.Name)
		}
	}
	return []string{"this silences every alert that has a label " + strings.Join(labels, " and ") + ", whatever its value"}
}

// matches tells whether an expression fits a whole value, as Alertmanager has it.
func matches(expression, value string) bool {
	r, err := regexp.Compile("^(?:" + expression + ")$")
	return err == nil && r.MatchString(value)
}

func parseMatcher(text string) (m matcher, err error) {
	found := matcherForm.FindStringSubmatch(text)
	if found == nil {
		return m, fmt.Errorf(`%q is no matcher such as instance=~"envise-.*"`, text)
	}
	m = matcher{Name: found[1], Value: found[3], IsEqual: found[2][0] == '=', IsRegex: strings.HasSuffix(found[2], "~")}
	if strings.HasPrefix(m.Name, `"`) {
		if err := json.Unmarshal([]byte(m.Name), &m.Name); err != nil {
			return m, fmt.Errorf("the name of %q is no text in quotes", text)
		}
	}
	if !contact.IsLabelName(m.Name) {
		return m, fmt.Errorf("%q is no matcher: it has no name of a label", text)
	}
	if strings.HasPrefix(m.Value, `"`) {
		if err := json.Unmarshal([]byte(m.Value), &m.Value); err != nil {
			return m, fmt.Errorf("the value of %q is no text in quotes", text)
		}
	}
	if m.IsRegex {
		if _, err := regexp.Compile("^(?:" + m.Value + ")$"); err != nil {
			return m, fmt.Errorf("%q is no regular expression (RE2): %w", m.Value, err)
		}
	}
	return m, nil
}
