package notify

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"runbook/engine/action"
	"runbook/engine/contact"
	"runbook/engine/module"
)

// statuses are those of the handbook's template of communication.
var statuses = []string{"investigating", "identified", "monitoring", "resolved"}

// resolved is the status of what is over.
const resolved = "resolved"

// messageFields are what a message consists of.
func messageFields(titled bool) []module.Param {
	return []module.Param{
		{Name: "title", Kind: module.String, Required: titled, Payload: true, Doc: "one line"},
		{Name: "text", Kind: module.String, Payload: true, Doc: "as much as there is to say; plain text"},
		{Name: "severity", Kind: module.String, Enum: contact.Severities, Payload: true, Doc: "how bad it is: P0, the worst, to P3"},
		{Name: "fields", Kind: module.Any, Payload: true,
			Doc: `facts by their names, shown in the order of the names: { impact = "all users" }; or a list of { name, value } in an order of its own`},
		{Name: "link", Kind: module.Any, Payload: true,
			Doc: "address of a page to read on: https://…; a secret, such as s3.presign returns, is sent and shown nowhere else"},
	}
}

var requiredParam = module.Param{Name: "required", Kind: module.Boolean, Doc: "if it cannot be delivered, that is an error"}

// given is a message as a script gave it.
func given(function string, args module.Args) (letter, error) {
	m := letter{Message: contact.Message{
		Title: oneLine(args.String("title")), Text: strings.TrimRight(readable(args.String("text")), "\n"), Severity: args.String("severity"),
		Status: args.String("status"), Key: args.String("key"),
	}}
	switch link := args["link"].(type) {
	case nil:
	case action.Secret:
		m.Link, m.secret = action.Masked, &link
	case string:
		m.Link = oneLine(link)
	default:
		return m, action.Errorf(action.CodeInvalid, "%s: link must be a text or a secret, such as s3.presign returns", function)
	}
	if len(m.Key) > longestKey || !utf8.ValidString(m.Key) || strings.ContainsFunc(m.Key, unicode.IsControl) {
		return m, action.Errorf(action.CodeInvalid, "%s: key must be one line of text, of at most %d bytes", function, longestKey)
	}
	var err error
	if m.Fields, err = fieldsOf(args["fields"]); err != nil {
		return m, action.Errorf(action.CodeInvalid, "%s: %w", function, err)
	}
	if args.String("title") != "" && m.Title == "" {
		return m, action.Errorf(action.CodeInvalid, "%s: title is empty", function)
	}
	return m, nil
}

// isPage tells whether a link is the address of a page. What is none is shown as text: receivers make of a link what they like, Slack even a
// mention of everybody, and refuse a message for one that is none.
func isPage(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && !strings.ContainsFunc(link, unicode.IsSpace)
}

// readable is a text without what is no text: bytes that no encoding explains, and the marks that terminals colour by, of which logs are full.
func readable(text string) string {
	text = colour.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), "")
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text))
}

var colour = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// fieldsOf are the facts of a message. A table has no order, so theirs is that of their names.
func fieldsOf(v any) (fields []contact.Field, err error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			text, err := textOf(v[name])
			if err != nil {
				return nil, fmt.Errorf("fields: %s: %w", name, err)
			}
			fields = append(fields, contact.Field{Name: oneLine(name), Value: text})
		}
		return fields, nil
	case []any:
		for i, item := range v {
			field, ok := item.(map[string]any)
			name, named := field["name"].(string)
			if !ok || !named || len(field) > 2 {
				return nil, fmt.Errorf(`fields[%d] must be { name = "…", value = … }`, i+1)
			}
			text, err := textOf(field["value"])
			if err != nil {
				return nil, fmt.Errorf("fields[%d]: %w", i+1, err)
			}
			fields = append(fields, contact.Field{Name: oneLine(name), Value: text})
		}
		return fields, nil
	}
	return nil, fmt.Errorf(`fields must be a table of texts by name, or a list of { name, value }`)
}

// textOf is a value as a person reads it.
func textOf(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return readable(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	}
	return "", fmt.Errorf("a value is a text, a number, true or false")
}

// oneLine is a text without what would end its line, and so begin another header of a mail.
func oneLine(text string) string { return strings.Join(strings.Fields(readable(text)), " ") }

// complete adds to a message what the run knows, and gives it the look that its receiver wants.
func (b *binding) complete(ctx context.Context, m contact.Message, r contact.Receiver) (contact.Message, error) {
	m.Time, m.Run, m.Runbook, m.Site = module.Now(ctx).UTC(), b.Run.ID, module.RunbookOf(ctx), b.Site().Name
	plain := m
	for _, part := range []struct {
		template string
		text     *string
	}{{r.Title, &m.Title}, {r.Text, &m.Text}} {
		if part.template == "" {
			continue
		}
		text, err := contact.Render(part.template, plain)
		if err != nil {
			return m, action.Errorf(action.CodeInvalid, "cannot make the message: %w", err)
		}
		*part.text = text
	}
	if m.Title = oneLine(m.Title); m.Title == "" {
		m.Title = plain.Title // nobody takes a message without one
	}
	if r.Text != "" {
		m.Text = strings.TrimRight(m.Text, "\n")
		m.Fields, m.Link, m.Status = nil, "", "" // they are where the template put them
	}
	return m, nil
}

// arguments are the message as arguments of an operation: all of it may differ from what was planned.
func arguments(m contact.Message) (args []action.Arg) {
	for _, a := range []struct{ name, value string }{
		{"title", m.Title}, {"text", m.Text}, {"severity", m.Severity}, {"status", m.Status}, {"link", m.Link},
	} {
		if a.value != "" {
			args = append(args, action.Arg{Name: a.name, Value: a.value})
		}
	}
	for _, f := range m.Fields {
		args = append(args, action.Arg{Name: "fields." + f.Name, Value: f.Value})
	}
	return args
}

// body is the text of a message with its facts and its link below it.
func body(m contact.Message) string {
	m = unsaid(m)
	var paragraphs []string
	if m.Text != "" {
		paragraphs = append(paragraphs, m.Text)
	}
	var facts []string
	if m.Status != "" {
		facts = append(facts, "Status: "+statusFact(m).Value)
	}
	for _, f := range m.Fields {
		facts = append(facts, f.Name+": "+f.Value)
	}
	if len(facts) > 0 {
		paragraphs = append(paragraphs, strings.Join(facts, "\n"))
	}
	if m.Link != "" {
		paragraphs = append(paragraphs, m.Link)
	}
	return strings.Join(paragraphs, "\n\n")
}
