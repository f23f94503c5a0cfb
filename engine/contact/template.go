package contact

import (
	_ "embed" // the comments on the types are what authors of scenarios read
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
	"time"
)

//go:embed receiver.go
var receivers string

//go:embed matrix.go
var matrix string

// Sources are the texts in which the types are explained, for who prints explanations.
func Sources() []string { return []string{receivers, matrix} }

// A Message is what somebody is told. Templates are made of it.
type Message struct {
	Title    string    // one line
	Text     string    // as it was given
	Severity string    // P0 to P3, "" if not given
	Status   string    // investigating, identified, monitoring or resolved; "" if not given
	Key      string    // what the incident is known by, "" if not given
	Link     string    // where to read on, "" if not given
	Fields   []Field   // in order
	Time     time.Time // by the run's clock, in UTC
	Runbook  string    // that tells it
	Run      string    // its id
	Site     string    // its name, "" if it has none
}

// A Field is one fact of a message.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Field is the value of a field, "" if there is none of that name.
func (m Message) Field(name string) string {
	for _, f := range m.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// functions are what templates may call beside what Go's have.
var functions = template.FuncMap{
	"upper": strings.ToUpper,
	"lower": strings.ToLower,
	"join":  func(separator string, list []string) string { return strings.Join(list, separator) },
	"json": func(v any) (string, error) {
		text, err := json.Marshal(v)
		return string(text), err
	},
	"default": func(instead, text string) string {
		if text == "" {
			return instead
		}
		return text
	},
}

// Render makes a text of a message by a template.
func Render(text string, m Message) (string, error) {
	t, err := parsed(text)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := t.Execute(&out, m); err != nil {
		return "", told(err)
	}
	return out.String(), nil
}

func parsed(text string) (*template.Template, error) {
	t, err := template.New("it").Option("missingkey=error").Funcs(functions).Parse(text)
	if err != nil {
		return nil, told(err)
	}
	return t, nil
}

// told is an error about a template without what only means something in Go.
func told(err error) error {
	message := strings.TrimPrefix(err.Error(), "template: it:")
	message = strings.ReplaceAll(message, "contact.Message", "a message")
	return fmt.Errorf("the template is wrong at line %s", message)
}

// sample is a message with everything in it: a template is tried on it before it is needed.
var sample = Message{
	Title: "Compiler outage", Text: "No compilation completes.", Severity: "P0", Status: "investigating", Key: "compiler",
	Link: "https://status.example.com", Fields: []Field{{"impact", "all users"}}, Time: time.Unix(0, 0).UTC(), Runbook: "compiler-down", Run: "r", Site: "s",
}

// checkTemplate says what is wrong with a template.
func checkTemplate(text string) error {
	for _, m := range []Message{sample, {}} {
		if _, err := Render(text, m); err != nil {
			return err
		}
	}
	return nil
}
