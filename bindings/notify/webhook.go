package notify

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"runbook/engine/action"
	"runbook/engine/contact"
)

// told is what a webhook gets unless the site says what: everything that is known.
type told struct {
	Title    string          `json:"title"`
	Text     string          `json:"text"`
	Severity string          `json:"severity"`
	Status   string          `json:"status"`
	Key      string          `json:"key"`
	Link     string          `json:"link"`
	Fields   []contact.Field `json:"fields"`
	Time     string          `json:"time"`
	Runbook  string          `json:"runbook"`
	Run      string          `json:"run"`
	Site     string          `json:"site"`
}

func (b *binding) forWebhook(name string, to contact.Webhook, l letter) (parcel, error) {
	text, err := webhookBody(to, l.Message)
	if err != nil {
		return parcel{}, err
	}
	return parcel{
		preview: string(text),
		send: func(ctx context.Context) error {
			address, err := b.address(to.URL)
			if err != nil {
				return err
			}
			header := http.Header{}
			for name, value := range to.Headers {
				revealed, err := b.Reveal(value)
				if err != nil {
					return err
				}
				header.Set(name, revealed)
			}
			_, err = b.call(ctx, request{
				purpose: "send to " + name, what: "the webhook", method: cmp.Or(to.Method, http.MethodPost), url: address, config: to.HTTPConfig,
				header: header, body: text,
			})
			return err
		},
	}, nil
}

func webhookBody(to contact.Webhook, m contact.Message) ([]byte, error) {
	if to.Body != "" {
		text, err := contact.Render(to.Body, m)
		if err != nil {
			return nil, action.Errorf(action.CodeInvalid, "cannot make the message: %w", err)
		}
		if !json.Valid([]byte(text)) {
			return nil, action.Errorf(action.CodeInvalid, "the template of the webhook's body does not make JSON of this message").
				Try("put texts in with {{json .Text}}")
		}
		return []byte(text), nil
	}
	fields := m.Fields
	if fields == nil {
		fields = []contact.Field{}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(told{
		m.Title, m.Text, m.Severity, m.Status, m.Key, m.Link, fields, m.Time.Format(time.RFC3339), m.Runbook, m.Run, m.Site,
	})
	if err != nil {
		return nil, action.Errorf(action.CodeInternal, "cannot write a message for a webhook: %w", err)
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}
