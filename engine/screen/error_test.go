package screen

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
)

func TestError(t *testing.T) {
	for _, c := range []struct {
		name string
		err  journal.Error
		want string
	}{
		{"message only", journal.Error{Message: "no runbook is called compiler-dwon"}, `
error: no runbook is called compiler-dwon
`},
		{"with all parts", journal.Error{
			Code: action.CodeScript, Message: "kubernetes has no function delte", Hint: "did you mean kubernetes.delete?",
			Where: "compiler-down/runbook.lua:12", Source: "\tkubernetes.delte(pod)",
		}, `
error: kubernetes has no function delte
  at compiler-down/runbook.lua:12
     kubernetes.delte(pod)
  try: did you mean kubernetes.delete?
`},
		{"long and of several lines", journal.Error{
			Message: "runbook.yaml is not valid:\nline 3: unknown field promtheus\nline 9: the server is missing, and this line is long enough",
			Hint:    "runbook init\nwrites one that is",
		}, `
error: runbook.yaml is not valid:
  line 3: unknown field promtheus
  line 9: the server is missing, and this line
  is long enough
  try: runbook init
  writes one that is
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, Error(&out, Look{Width: columns(48)}, &c.err))
			require.Equal(t, strings.TrimPrefix(c.want, "\n"), out.String())
		})
	}
}
