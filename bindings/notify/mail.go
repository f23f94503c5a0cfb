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
	post, err := mailOf(to, l.Message)
	if err != nil {
		return parcel{}, err
	}
	return parcel{
		preview: post.preview(), id: post.id,
		send: func(ctx context.Context) error { return b.handIn(ctx, "send to "+name, to, post) },
	}, nil
}

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
		{"Subject", mime.QEncoding.Encode("utf-8", m.Title)},
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

// bytes is the mail as it is handed in.
func (p post) bytes() ([]byte, error) {
	var out bytes.Buffer
	for _, h := range p.headers {
		fmt.Fprintf(&out, "%s: %s\r\n", h.name, h.value)
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
