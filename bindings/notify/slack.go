package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"runbook/engine/action"
	"runbook/engine/contact"
)

// What Slack takes: more is refused as a whole.
const (
	slackHeader  = 150  // characters of a title
	slackText    = 2000 // characters of the text beside blocks
	slackSection = 3000 // characters of a piece of text
	slackPieces  = 40   // pieces of text, so that there is room for facts
	slackField   = 2000 // characters of a fact
	slackFields  = 10   // facts in one block
	slackBlocks  = 48   // blocks of text and facts: with the title and the link 50, the most of one message
)

// colours are what stands beside a message, by severity.
var colours = map[string]string{"P0": "#d72b3f", "P1": "#e8710a", "P2": "#f2c744", "P3": "#439fe0"}

// A block is a part of a message in Slack's block kit.
type block map[string]any

// slackMessage is what an incoming webhook takes: the title above, and the rest in a coloured attachment. The text is the whole once more:
// beside blocks Slack shows it in notifications and reads it aloud, and those that take Slack's messages and know no blocks, such as
// Mattermost, show nothing else.
type slackMessage struct {
	Text        string            `json:"text"`
	Blocks      []block           `json:"blocks"`
	Attachments []slackAttachment `json:"attachments,omitempty"`
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
	out.Text = slackWhole(m) // Slack looks for marks in it; in the header, which is plain text, it does not
	out.Blocks = []block{{"type": "header", "text": block{"type": "plain_text", "text": title}}}
	var blocks []block
	pieces, rest := split(m.Text, slackSection, slackPieces, marked)
	if rest {
		warnings = append(warnings, "Slack gets only the beginning of the text: it is too long")
	}
	for _, piece := range pieces {
		blocks = append(blocks, block{"type": "section", "text": mrkdwn(piece)})
	}
	fields, notes := slackFacts(m)
	warnings = append(warnings, notes...)
	for len(fields) > 0 && len(blocks) < slackBlocks {
		n := min(len(fields), slackFields)
		blocks, fields = append(blocks, block{"type": "section", "fields": fields[:n]}), fields[n:]
	}
	if len(fields) > 0 {
		warnings = append(warnings, fmt.Sprintf("Slack does not get the last %d fields: there are too many", len(fields)))
	}
	if m.Link != "" {
		text := escaped(m.Link)
		if isPage(m.Link) {
			text = linked(m.Link)
		}
		blocks = append(blocks, block{"type": "context", "elements": []block{mrkdwn(text)}})
	}
	if len(blocks) > 0 {
		out.Attachments = []slackAttachment{{Color: colours[m.Severity], Fallback: escaped(title), Blocks: blocks}}
	}
	return out, warnings
}

// slackWhole is a message as plain as can be, as much of it as all take: Discord refuses what is longer.
func slackWhole(m contact.Message) string {
	whole := calling.ReplaceAllString(strings.TrimSpace(m.Title+"\n"+body(m)), "@\u200b$1")
	fitting := whole[:prefix(whole, slackText-1, marked)]
	if fitting == whole {
		return marked(whole)
	}
	return marked(fitting) + "…"
}

// calling finds what Mattermost would make a call of, to everybody by @channel, but not what is in an address of mail.
var calling = regexp.MustCompile(`\B@(\w)`)

// slackFacts are the status and the fields of a message.
func slackFacts(m contact.Message) (fields []block, warnings []string) {
	facts := m.Fields
	if m.Status != "" {
		facts = append([]contact.Field{statusFact(m)}, facts...)
	}
	for _, f := range facts {
		text := "*" + f.Name + "*\n" + f.Value
		fitting := text[:prefix(text, slackField-1, marked)]
		shown := marked(fitting)
		if fitting != text {
			shown += "…"
			warnings = append(warnings, "Slack cuts the field "+f.Name+": it is longer than 2000 characters")
		}
		fields = append(fields, mrkdwn(shown))
	}
	return fields, warnings
}

// mrkdwn is a text with marks. What looks like a name in it stays what it is: without verbatim Slack makes mentions of some by itself.
func mrkdwn(text string) block { return block{"type": "mrkdwn", "text": text, "verbatim": true} }

// escaped is a text in which Slack finds no marks of its own: no mention of everybody by <!channel>.
func escaped(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// linked is an address that can be followed. What stands behind a bar would be shown in its place.
func linked(address string) string {
	return "<" + strings.ReplaceAll(escaped(address), "|", "%7C") + ">"
}

// link finds addresses in a text, without what ends a sentence behind one.
var link = regexp.MustCompile(`https?://[^\s<>"'\x60]*[^\s<>"'\x60.,;:!?)\]}]`)

// marked is a text in which nothing is a mark of Slack's but the addresses.
func marked(text string) string {
	var out strings.Builder
	for {
		at := link.FindStringIndex(text)
		if at == nil {
			out.WriteString(escaped(text))
			return out.String()
		}
		out.WriteString(escaped(text[:at[0]]) + linked(text[at[0]:at[1]]))
		text = text[at[1]:]
	}
}

// fit is a text of so many characters at most.
func fit(text string, most int) (fitting string, cut bool) {
	if utf8.RuneCountInString(text) <= most {
		return text, false
	}
	return string([]rune(text)[:most-1]) + "…", true
}

// split is a text in so many pieces at most, each of so many characters at most as they are shown, between lines where it can be, and whether
// something is left. It is split before it gets its marks, so that none is torn.
func split(text string, most, count int, shown func(string) string) (pieces []string, rest bool) {
	for text != "" && len(pieces) < count {
		n := leading(text, most, shown)
		pieces, text = append(pieces, shown(text[:n])), text[n:]
	}
	return pieces, text != ""
}

// leading is how much of a text fits: as many lines as it can be, or else a part of the first.
func leading(text string, most int, shown func(string) string) (n int) {
	left := most
	for line := range strings.SplitAfterSeq(text, "\n") {
		if utf8.RuneCountInString(line) > left {
			break // nothing is shorter as it is shown
		}
		if left -= utf8.RuneCountInString(shown(line)); left < 0 {
			break
		}
		n += len(line)
	}
	if n > 0 {
		return n
	}
	return prefix(text, most, shown)
}

// longestMark is how many characters at most are shown for one: &amp; for an ampersand.
const longestMark = 5

// prefix is how much of a text fits, wherever that ends.
func prefix(text string, most int, shown func(string) string) (n int) {
	var runes []rune
	for _, r := range text {
		if len(runes) == most {
			break
		}
		runes = append(runes, r)
	}
	for {
		over := utf8.RuneCountInString(shown(string(runes))) - most
		if over <= 0 {
			return len(string(runes))
		}
		runes = runes[:len(runes)-max(over/longestMark, 1)]
	}
}
