package journal

import (
	"encoding/json"
	"fmt"
	"math"
)

// Show is something that the script shows. Its form says which of the fields it has. What is drawn of numbers on a screen stands here
// as the numbers: who reads a record wants to compute with them.
type Show struct {
	Form    string     `json:"form"`              // text, table, pairs, checks, sparklines, bars
	Title   string     `json:"title,omitempty"`   //
	Text    string     `json:"text,omitempty"`    // form text
	Level   string     `json:"level,omitempty"`   // form text: info, warn
	Columns []string   `json:"columns,omitempty"` // form table
	Align   []string   `json:"align,omitempty"`   // form table: left or right, for each column; nil for all left
	Rows    [][]string `json:"rows,omitempty"`    // form table, and pairs as two columns
	Values  [][]any    `json:"values,omitempty"`  // what the cells of Rows stand for, where that is not a text
	Checks  []Check    `json:"checks,omitempty"`  // form checks
	Series  []Series   `json:"series,omitempty"`  // form sparklines
	Bars    []Bar      `json:"bars,omitempty"`    // form bars
	Unit    string     `json:"unit,omitempty"`    // forms sparklines and bars
	Scale   string     `json:"scale,omitempty"`   // form sparklines: each, common
	Max     *Number    `json:"max,omitempty"`     // form bars
}

// CommonScale is the Scale of sparklines that can be compared with each other.
const CommonScale = "common"

// A Check is one thing that was looked at and judged.
type Check struct {
	Name   string  `json:"name"`
	State  string  `json:"state"` // healthy, degraded, down, unknown
	Detail string  `json:"detail,omitempty"`
	Value  *Number `json:"value,omitempty"` // that was judged
	Unit   string  `json:"unit,omitempty"`
}

// A Series is numbers in order, some of which may be missing.
type Series struct {
	Name   string   `json:"name"`
	Values []Number `json:"values"`
	Text   string   `json:"text,omitempty"`
}

// A Bar is one number to be compared with others.
type Bar struct {
	Name  string `json:"name"`
	Value Number `json:"value"`
	Text  string `json:"text,omitempty"`
}

// A Number is one that may be missing, or infinite, neither of which JSON has. A missing one is NaN.
type Number float64

// Missing is the Number that there is none.
func Missing() Number { return Number(math.NaN()) }

// IsMissing tells whether there is no number.
func (n Number) IsMissing() bool { return math.IsNaN(float64(n)) }

// infinities are written as Prometheus writes them.
const (
	plusInfinity  = "+Inf"
	minusInfinity = "-Inf"
)

// MarshalJSON writes null for a missing number, and a text for an infinite one.
func (n Number) MarshalJSON() ([]byte, error) {
	switch {
	case n.IsMissing():
		return []byte("null"), nil
	case math.IsInf(float64(n), 1):
		return json.Marshal(plusInfinity)
	case math.IsInf(float64(n), -1):
		return json.Marshal(minusInfinity)
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (n *Number) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "null":
		*n = Missing()
		return nil
	case `"` + plusInfinity + `"`:
		*n = Number(math.Inf(1))
		return nil
	case `"` + minusInfinity + `"`:
		*n = Number(math.Inf(-1))
		return nil
	}
	var f float64
	if err := json.Unmarshal(text, &f); err != nil {
		return fmt.Errorf("not a number of a chart: %w", err)
	}
	*n = Number(f)
	return nil
}
