package notify

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/contact"
)

func (b *binding) forMail(name string, to contact.SMTP, l letter) (parcel, error) {
	var warnings []string
	title, cut := fit(l.Title, longestSubject)
	if cut {
		warnings = append(warnings, fmt.Sprintf("the subject of the mail is cut: it is longer than %d characters", longestSubject))
	}
	l.Title = title
	post, err := mailOf(to, l.Message)
	if err != nil {
		return parcel{}, err
	}
	return parcel{
		preview: post.preview(), id: post.id, warnings: warnings,
		send: func(ctx context.Context) error { return b.handIn(ctx, "send to "+name, to, post) },
	}, nil
}

// longestSubject is how long a title may be in a mail: a line of one has at most 998 bytes, and nobody reads as much.
const longestSubject = 400

// A post is one mail.
type post struct {
	from      string   // the addresses of the envelope
	to        []string //
	id        string   // Message-ID
	headers   []header
	text      string
	shownFrom string
}

type header struct{ name, value string }

// mailOf is a message as a mail. Its Message-ID is the same whenever the same is sent, so that who gets it twice can know.
func mailOf(to contact.SMTP, m contact.Message) (post, error) {
	from, err := mail.ParseAddress(to.From)
	if err != nil {
		return post{}, action.Errorf(action.CodeInvalid, "mail cannot be from %q: %w", to.From, err)
	}
	p := post{from: from.Address, text: body(m), shownFrom: from.String()}
	var shown []string
	for _, text := range to.To {
		a, err := mail.ParseAddress(text)
		if err != nil {
			return post{}, action.Errorf(action.CodeInvalid, "mail cannot be to %q: %w", text, err)
		}
		p.to, shown = append(p.to, a.Address), append(shown, a.String())
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	p.id = fmt.Sprintf("<%s@%s>", named(m.Run, m.Title, m.Text, m.Time.String(), strings.Join(p.to, ",")), domain)
	p.headers = []header{
		{"From", p.shownFrom},
		{"To", strings.Join(shown, ", ")},
		{"Subject", subject(m.Title)},
		{"Date", m.Time.Format(time.RFC1123Z)},
		{"Message-ID", p.id},
	}
	if m.Key != "" { // what is about one incident stands together
		thread := fmt.Sprintf("<%s@%s>", named(m.Key), domain)
		p.headers = append(p.headers, header{"In-Reply-To", thread}, header{"References", thread})
	}
	if m.Severity == "P0" || m.Severity == "P1" {
		p.headers = append(p.headers, header{"Importance", "high"}, header{"X-Priority", "1"})
	}
	p.headers = append(p.headers,
		header{"Auto-Submitted", "auto-generated"}, // no machine answers it
		header{"MIME-Version", "1.0"},
		header{"Content-Type", "text/plain; charset=utf-8"},
		header{"Content-Transfer-Encoding", "quoted-printable"},
	)
	return p, nil
}

// subject is a title as a header has it. One that only looks encoded is taken apart, or else it would be read as something else.
func subject(title string) string {
	encoded := mime.QEncoding.Encode("utf-8", title)
	if encoded == title {
		return strings.ReplaceAll(title, "=?", "= ?")
	}
	return encoded
}

// width is where lines of headers are broken, as the standard advises.
const width = 76

// folded is a header in lines, which are broken at blanks alone.
func folded(header string) string {
	var out strings.Builder
	length := 0
	for i, word := range strings.Split(header, " ") {
		switch {
		case i < 2: // nothing but its name on a line is no header to some
		case length+1+len(word) > width:
			out.WriteString("\r\n")
			length = 0
		}
		if i > 0 {
			out.WriteByte(' ')
			length++
		}
		out.WriteString(word)
		length += len(word)
	}
	return out.String()
}

// bytes is the mail as it is handed in.
func (p post) bytes() ([]byte, error) {
	var out bytes.Buffer
	for _, h := range p.headers {
		out.WriteString(folded(h.name+": "+h.value) + "\r\n")
	}
	out.WriteString("\r\n")
	text := quotedprintable.NewWriter(&out)
	if _, err := text.Write([]byte(p.text + "\n")); err != nil {
		return nil, err
	}
	err := text.Close()
	return out.Bytes(), err
}

// preview is the mail as who gets it reads it.
func (p post) preview() string {
	var out strings.Builder
	for _, h := range p.headers[:3] { // from whom, to whom, about what
		value, err := new(mime.WordDecoder).DecodeHeader(h.value)
		if err != nil {
			value = h.value
		}
		fmt.Fprintf(&out, "%s: %s\n", h.name, value)
	}
	return strings.TrimRight(out.String()+"\n"+p.text, "\n")
}
