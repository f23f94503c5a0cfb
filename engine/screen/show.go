package screen

import "runbook/engine/journal"

// show prints what the script shows.
func (t *Text) show(branch string, s *journal.Show) {
	indent := margin(branch)
	if s.Title != "" {
		t.say(indent, bold, s.Title)
	}
	switch s.Form {
	case "table":
		t.table(indent, s)
	case "pairs":
		t.pairs(indent, s.Rows)
	case "checks":
		t.checks(indent, s.Checks)
	case "sparklines":
		t.sparklines(indent, s)
	case "bars":
		t.bars(indent, s)
	default:
		colour := normal
		if s.Level == "warn" {
			colour = yellow
		}
		t.say(indent, colour, s.Text)
	}
}

func (t *Text) table(indent string, s *journal.Show) {
	if len(s.Rows) == 0 {
		t.nothing(indent)
		return
	}
	// The paper takes everything and keeps the errors of its writer to itself.
	_ = Table(&t.paper, s.Columns, s.Rows, TableStyle{Look: t.paper.look, Prefix: indent, Align: s.Align})
}

// nothing stands where there was nothing to show.
func (t *Text) nothing(indent string) { t.say(indent, dim, "none") }

// pairs print names and values, the values below each other.
func (t *Text) pairs(indent string, rows [][]string) {
	names := 0
	for _, row := range rows {
		if len(row) > 0 {
			names = max(names, width(clean(row[0])))
		}
	}
	for _, row := range rows {
		if len(row) < 2 {
			continue
		}
		name := clean(row[0]) + ":"
		t.fold(indent+name+spaces(names+2-width(name)), indent+spaces(names+2), normal, clean(row[1]))
	}
}
