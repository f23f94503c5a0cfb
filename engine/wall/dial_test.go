package wall

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"runbook/engine/action"
)

func TestNoConnectionThatIsNoHTTPIsARead(t *testing.T) {
	var seen []Refusal
	w := New(nil, func(r Refusal) { seen = append(seen, r) })
	err := w.RefuseDial("mail.example.com:587")
	assert.Equal(t, action.CodeRefused, action.CodeOf(err))
	assert.ErrorContains(t, err, "opens no connection to mail.example.com:587; nothing was sent")
	assert.Equal(t, int64(1), w.Refused())
	assert.Equal(t, "DIAL", seen[0].Method)
}
