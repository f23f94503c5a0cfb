package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"

	"runbook/engine/action"
	"runbook/engine/contact"
)

// What Slack takes: more is refused as a whole.
const (
	slackHeader  = 150  // characters of a title
	slackSection = 3000 // characters of a piece of text
	slackPieces  = 40   // pieces of text; 50 blocks may be in one message
	slackField   = 2000 // characters of a fact
	slackFields  = 10   // facts in one block
)

// colours are what stands beside a message, by severity.
var colours = map[string]string{"P0": "#d72b3f", "P1": "#e8710a", "P2": "#f2c744", "P3": "#439fe0"}

// A block is a part of a message in Slack's block kit.
type block map[string]any

// slackMessage is what an incoming webhook takes. The text is what notifications show.
type slackMessage struct {
	Text        string            `json:"text"`
	Attachments []slackAttachment `json:"attachments"`
}

type slackAttachment struct {
	Color    string  `json:"color,omitempty"`
	Fallback string  `json:"fallback"`
	Blocks   []block `json:"blocks"`
}

func (b *binding) forSlack(name string, to contact.Slack, l letter) (parcel, error) {
	message, warnings := slackOf(l.Message)
	text, err := json.Marshal(message)
	if err != nil {
		return parcel{}, action.Errorf(action.CodeInternal, "cannot write a message for Slack: %w", err)
	}
	return parcel{
		preview:  strings.TrimSpace(l.Title + "\n" + body(l.Message)),
		warnings: warnings,
		send: func(ctx context.Context) error {
			address, err := b.address(to.URL)
			if err != nil {
				return err
			}
			purpose := "send to " + name
			answer, err := b.call(ctx, request{purpose: purpose, what: "Slack", method: http.MethodPost, url: address, config: to.HTTPConfig, body: text})
			if err != nil {
				return err
			}
			if !slackTook(answer) {
				return action.Errorf(action.CodeRejected, "cannot %s: this is not what Slack answers: %s", purpose, b.short(string(answer))).
					Try("look where the webhook's address leads: a proxy that wants a login, or a page")
			}
			return nil
		},
	}, nil
}

// slackTook tells whether a message was taken. Slack says "ok"; those that understand the same say so in JSON. A page is neither.
func slackTook(answer []byte) bool {
	var said struct {
		OK      bool `json:"ok"`
		Success bool `json:"success"`
	}
	return strings.TrimSpace(string(answer)) == "ok" || json.Unmarshal(answer, &said) == nil && (said.OK || said.Success)
}

// slackOf is a message as Slack takes it, and what of it does not fit.
func slackOf(m contact.Message) (out slackMessage, warnings []string) {
	m = unsaid(m)
	title, cut := fit(m.Title, slackHeader)
	if cut {
		warnings = append(warnings, "Slack cuts the title: it is longer than 150 characters")
	}
	blocks := []block{{"type": "header", "text": block{"type": "plain_text", "text": title}}}
	pieces := split(escaped(m.Text), slackSection)
	if len(pieces) > slackPieces {
		pieces, warnings = pieces[:slackPieces], append(warnings, "Slack gets only the beginning of the text: it is too long")
	}
	for _, piece := range pieces {
		blocks = append(blocks, block{"type": "section", "text": mrkdwn(piece)})
	}
	facts := m.Fields
	if m.Status != "" {
		facts = append([]contact.Field{statusFact(m)}, facts...)
	}
	var fields []block
	for _, f := range facts {
		text, cut := fit("*"+escaped(f.Name)+"*\n"+escaped(f.Value), slackField)
		if cut {
			warnings = append(warnings, "Slack cuts the field "+f.Name+": it is longer than 2000 characters")
		}
		fields = append(fields, mrkdwn(text))
	}
	for len(fields) > 0 && len(blocks) < 48 {
		n := min(len(fields), slackFields)
		blocks, fields = append(blocks, block{"type": "section", "fields": fields[:n]}), fields[n:]
	}
	if m.Link != "" {
		blocks = append(blocks, block{"type": "context", "elements": []block{mrkdwn("<" + escaped(m.Link) + ">")}})
	}
	shown := escaped(title) // Slack looks for marks in it; in the header, which is plain text, it does not
	return slackMessage{Text: shown, Attachments: []slackAttachment{{Color: colours[m.Severity], Fallback: shown, Blocks: blocks}}}, warnings
}

func mrkdwn(text string) block { return block{"type": "mrkdwn", "text": text} }

// escaped is a text in which Slack finds no marks of its own: no mention of everybody by <!channel>.
func escaped(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// fit is a text of so many characters at most.
func fit(text string, most int) (fitting string, cut bool) {
	if utf8.RuneCountInString(text) <= most {
		return text, false
	}
	return string([]rune(text)[:most-1]) + "…", true
}

// split is a text in pieces of so many characters at most, between lines where it can be.
func split(text string, most int) (pieces []string) {
	runes := []rune(text)
	for len(runes) > most {
		end := most
		if line := strings.LastIndex(string(runes[:most]), "\n"); line > 0 {
			end = utf8.RuneCountInString(string(runes[:most])[:line]) + 1
		}
		pieces, runes = append(pieces, string(runes[:end])), runes[end:]
	}
	if len(runes) > 0 {
		pieces = append(pieces, string(runes))
	}
	return pieces
}
