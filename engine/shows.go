package engine

import (
	"encoding/json"
	"fmt"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/redact"
)

// states are how a site, or a part of it, can be.
var states = []string{"healthy", "degraded", "down", "unknown"}

// showFields are what show takes, by its form.
var showFields = []module.Param{
	{Name: "form", Kind: module.String, Required: true, Enum: []string{"text", "table", "pairs", "checks", "sparklines", "bars"}},
	{Name: "title", Kind: module.String, Doc: "a line above"},
	{Name: "text", Kind: module.String, Doc: "for the form text"},
	{Name: "columns", Kind: module.Strings, Doc: "for the form table: the column names"},
	{Name: "align", Kind: module.Strings, Doc: "for the form table: left or right, for each column; all left without it"},
	{Name: "rows", Kind: module.List, Doc: "for the forms table and pairs: lists of strings"},
	{Name: "values", Kind: module.List, Doc: "for the forms table and pairs: what the cells of rows stand for, where that is not a text"},
	{Name: "checks", Kind: module.List, Doc: "for the form checks: tables with name, state, detail, value and unit"},
	{Name: "series", Kind: module.List, Doc: "for the form sparklines: tables with name, values and text; json.null, false and NaN are values that are missing"},
	{Name: "bars", Kind: module.List, Doc: "for the form bars: tables with name, value and text"},
	{Name: "unit", Kind: module.String, Doc: "for the forms sparklines and bars: the unit of their numbers"},
	{Name: "scale", Kind: module.String, Enum: []string{"each", journal.CommonScale}, Doc: "for the form sparklines: each on a scale of its own, or all on a common one"},
	{Name: "max", Kind: module.Number, Doc: "for the form bars: what a full bar stands for, unless a value is larger"},
}

// The fields of what is shown in lists.
var (
	checkFields = []module.Param{
		{Name: "name", Kind: module.String, Required: true},
		{Name: "state", Kind: module.String, Required: true, Enum: states},
		{Name: "detail", Kind: module.String},
		{Name: "value", Kind: module.Any},
		{Name: "unit", Kind: module.String},
	}
	seriesFields = []module.Param{
		{Name: "name", Kind: module.String, Required: true},
		{Name: "values", Kind: module.List, Required: true},
		{Name: "text", Kind: module.String},
	}
	barFields = []module.Param{
		{Name: "name", Kind: module.String, Required: true},
		{Name: "value", Kind: module.Any},
		{Name: "text", Kind: module.String},
	}
)

// Shown is what a call of show shows. Secrets go here, and not only on the way to the journal, where a field that is a number is taken
// for the program's own.
func Shown(a module.Args, secrets *redact.Redactor) (*journal.Show, error) {
	r := reading{secrets: secrets}
	s := &journal.Show{
		Form: a.String("form"), Title: a.String("title"), Text: a.String("text"), Columns: a.Strings("columns"), Align: a.Strings("align"),
		Rows: r.rows(a.List("rows")), Values: r.values(a.List("values")), Unit: a.String("unit"), Scale: a.String("scale"),
	}
	for i, item := range a.List("checks") {
		s.Checks = append(s.Checks, r.check(fmt.Sprintf("checks[%d]", i+1), item))
	}
	for i, item := range a.List("series") {
		s.Series = append(s.Series, r.series(fmt.Sprintf("series[%d]", i+1), item))
	}
	for i, item := range a.List("bars") {
		s.Bars = append(s.Bars, r.bar(fmt.Sprintf("bars[%d]", i+1), item))
	}
	if most, given := a.Number("max"); given {
		s.Max = new(r.number("max", most))
	}
	for i, side := range s.Align {
		if side != "left" && side != "right" {
			r.fail("align[%d] must be left or right, got %q", i+1, side)
		}
	}
	return s, r.err
}

// Logged is what a call of log shows.
func Logged(a module.Args, secrets *redact.Redactor) (*journal.Show, error) {
	var text string
	switch message := a["message"].(type) {
	case string:
		text = message
	case action.Secret:
		text = message.String()
	default:
		encoded, err := json.Marshal(redact.Clean(secrets, message)) // which JSON would write in another way
		if err != nil {
			return nil, action.Errorf(action.CodeInvalid, "log: %w", err)
		}
		text = string(encoded)
	}
	return &journal.Show{Form: "text", Text: text}, nil
}

// A reading reads what show was given. It remembers the first thing that was wrong.
type reading struct {
	secrets *redact.Redactor
	err     error
}

func (r *reading) fail(format string, args ...any) {
	if r.err == nil {
		r.err = action.Errorf(action.CodeInvalid, "show: "+format, args...)
	}
}

// clean is a value without secrets. It stands in a list, because where a value may be anything a number may be a secret.
func (r *reading) clean(v any) any { return redact.Clean(r.secrets, []any{v})[0] }

// item reads the fields of one thing in a list.
func (r *reading) item(where string, item any, fields []module.Param) module.Args {
	args, err := module.BindOptions("show: "+where, fields, item)
	if err != nil && r.err == nil {
		r.err = err
	}
	return args
}

func (r *reading) rows(list []any) [][]string {
	var rows [][]string
	for _, cells := range r.lists("rows", list) {
		texts := make([]string, len(cells))
		for i, cell := range cells {
			texts[i] = cellText(r.clean(cell))
		}
		rows = append(rows, texts)
	}
	return rows
}

// values are the cells of rows as data. What is no number that JSON has is one of a chart.
func (r *reading) values(list []any) [][]any {
	var rows [][]any
	for _, cells := range r.lists("values", list) {
		row := make([]any, len(cells))
		for i, cell := range cells {
			switch cell := r.clean(cell).(type) {
			case float64:
				row[i] = journal.Number(cell)
			case module.Null:
			default:
				row[i] = cell
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func (r *reading) lists(name string, list []any) [][]any {
	out := make([][]any, len(list))
	for i, row := range list {
		cells, ok := row.([]any)
		if empty, isTable := row.(map[string]any); !ok && (!isTable || len(empty) > 0) {
			r.fail("%s[%d] is not a list", name, i+1)
		}
		out[i] = cells
	}
	return out
}

func (r *reading) check(where string, item any) journal.Check {
	a := r.item(where, item, checkFields)
	c := journal.Check{Name: a.String("name"), State: a.String("state"), Detail: a.String("detail"), Unit: a.String("unit")}
	if n := r.number(where+".value", a["value"]); !n.IsMissing() {
		c.Value = &n
	}
	return c
}

func (r *reading) series(where string, item any) journal.Series {
	a := r.item(where, item, seriesFields)
	s := journal.Series{Name: a.String("name"), Text: a.String("text"), Values: []journal.Number{}}
	for i, v := range a.List("values") {
		s.Values = append(s.Values, r.number(fmt.Sprintf("%s.values[%d]", where, i+1), v))
	}
	return s
}

func (r *reading) bar(where string, item any) journal.Bar {
	a := r.item(where, item, barFields)
	return journal.Bar{Name: a.String("name"), Value: r.number(where+".value", a["value"]), Text: a.String("text")}
}

// number is a number of a chart. One that is missing is json.null, false or NaN: a list in Lua cannot hold nil. One that is a secret is
// missing too.
func (r *reading) number(where string, v any) journal.Number {
	switch n := r.clean(v).(type) {
	case nil, module.Null:
		return journal.Missing()
	case float64:
		return journal.Number(n)
	case bool:
		if !n {
			return journal.Missing()
		}
	case string:
		if n == masked {
			return journal.Missing()
		}
	}
	r.fail("%s must be a number, or json.null, false or NaN where there is none", where)
	return journal.Missing()
}

func cellText(cell any) string {
	switch c := cell.(type) {
	case nil, module.Null:
		return ""
	case string:
		return c
	}
	text, err := json.Marshal(cell)
	if err != nil { // NaN and infinities have no JSON
		return fmt.Sprint(cell)
	}
	return string(text)
}
