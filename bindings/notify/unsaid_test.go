package notify

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"runbook/engine/contact"
)

func TestWhatATextTellsIsNotToldTwice(t *testing.T) {
	m := contact.Message{
		Text:   "Status: IDENTIFIED\nImpact: all users\nRoot Cause: TBD, maybe\n\nCurrent Actions:\n- Restart\n- Roll back\n\nFor real-time updates: https://status.example.com",
		Status: "identified", Link: "https://status.example.com",
		Fields: []contact.Field{
			{Name: "Impact", Value: "all users"}, {Name: "Root Cause", Value: "TBD"}, {Name: "Current Actions", Value: "- Restart\n- Roll back"}, {Name: "Shard", Value: "3"},
		},
	}
	got := unsaid(m)
	assert.Empty(t, got.Status)
	assert.Empty(t, got.Link)
	assert.Equal(t, []contact.Field{{Name: "Root Cause", Value: "TBD"}, {Name: "Shard", Value: "3"}}, got.Fields, "a line that only begins so tells something else")
	assert.Len(t, m.Fields, 4, "the message itself stays whole: templates are made of it")
	assert.Equal(t, m.Text+"\n\nRoot Cause: TBD\nShard: 3", body(m))

	other := contact.Message{Text: "Two pods crash.", Status: "investigating", Link: "https://x", Fields: []contact.Field{{Name: "impact", Value: "all"}}}
	assert.Equal(t, other, unsaid(other))
	slack, _ := slackOf(m)
	assert.Len(t, slack.Attachments[0].Blocks, 2, "the text, and two facts in one block")
}
