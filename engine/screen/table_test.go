package screen

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTable(t *testing.T) {
	pods := podTable()
	for _, c := range []struct {
		name    string
		columns []string
		rows    [][]string
		style   TableStyle
		want    string
	}{
		{"like kubectl", []string{"name", "ready", "age"}, [][]string{{"a", "1/1", "3h"}, {"bbbbb", "0/1", "12d"}}, TableStyle{}, `
NAME    READY   AGE
a       1/1     3h
bbbbb   0/1     12d
`},
		{"wide characters", []string{"name", "x"}, [][]string{{"日本語", "1"}, {"e\u0301", "2"}}, TableStyle{}, `
NAME     X
日本語   1
é        2
`},
		{"rows of other lengths", []string{"a", "b"}, [][]string{{"1"}, {}, {"1", "2", "3"}}, TableStyle{}, `
A   B
1

1   2   3
`},
		{"no rows", []string{"a", "b"}, nil, TableStyle{}, "\nA   B\n"},
		{"no columns", nil, nil, TableStyle{}, "\n\n"},
		{"narrow: names stay whole, on a line of their own", []string{"name", "message"}, [][]string{{"photon-compiler-x2x4z", "Back-off restarting failed container"}},
			TableStyle{Look: Look{Width: columns(30)}, Prefix: "  "}, `
  NAME
    MESSAGE
  photon-compiler-x2x4z
    Back-off restarting faile…
`},
		{"very narrow: the gaps give way too", pods.Columns, pods.Rows[:1], TableStyle{Look: Look{Width: columns(18)}}, `
NAME
  REA… ST… RE… AGE
photon-co…c5-x2x4z
  0/1  C…f 17  3h
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, Table(&out, c.columns, c.rows, c.style))
			require.Equal(t, strings.TrimPrefix(c.want, "\n"), out.String())
		})
	}
}

func TestTableIsNeverWiderThanTheTerminal(t *testing.T) {
	pods := podTable()
	for wide := 4; wide < 100; wide++ {
		var out bytes.Buffer
		require.NoError(t, Table(&out, pods.Columns, pods.Rows, TableStyle{Look: Look{Width: columns(wide)}, Prefix: "  "}))
		for line := range strings.Lines(out.String()) {
			require.LessOrEqual(t, width(strings.TrimSuffix(line, "\n")), wide, "%q", line)
		}
	}
}

func TestTableTellsWhenItCannotBeWritten(t *testing.T) {
	r, w := io.Pipe()
	require.NoError(t, r.Close())
	require.ErrorIs(t, Table(w, []string{"a"}, [][]string{{"b"}}, TableStyle{}), io.ErrClosedPipe)
}

func BenchmarkTable(b *testing.B) {
	rows := make([][]string, 10_000)
	for i := range rows {
		rows[i] = []string{fmt.Sprintf("photon-compiler-7d9f8b6c5-%05d", i), "1/1", "Running", "0", "12d"}
	}
	for name, look := range map[string]Look{"full": {}, "bounded": {Width: columns(60)}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = Table(io.Discard, podTable().Columns, rows, TableStyle{Look: look})
			}
		})
	}
}
