package inbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"runbook/examples/lab/layout"
)

// excerpt is how many characters of a webhook's body stand for it.
const excerpt = 80

// Received is one message for people.
type Received struct {
	Time    time.Time
	Kind    string
	To      string // the recipients, or method and path
	Subject string // of a webhook, how its body begins; in parentheses, why it was not taken
	Line    []byte // as it was written down
}

// Read returns all that has arrived in a lab, the newest last. What is still being written is left out.
func Read(dir layout.Dir) ([]Received, error) {
	var all []Received
	for _, ledger := range []struct {
		path string
		read func([]byte) (Received, error)
	}{{dir.Mail(), readMail}, {dir.Webhooks(), readWebhook}} {
		messages, err := readLedger(ledger.path, ledger.read)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("find the messages of the lab in %s: none was started there; start one with: lab up --dir %s", dir, dir)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, messages...)
	}
	slices.SortStableFunc(all, func(a, b Received) int { return a.Time.Compare(b.Time) })
	return all, nil
}

func readLedger(path string, read func([]byte) (Received, error)) ([]Received, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the messages: %w", err)
	}
	defer file.Close() //nolint:errcheck // it is only read
	var messages []Received
	for lines := bufio.NewReader(file); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return messages, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the messages: %w", err)
		}
		message, err := read(line)
		if err != nil {
			return nil, fmt.Errorf("read message %d of %s: %w", len(messages)+1, path, err)
		}
		message.Line = line
		messages = append(messages, message)
	}
}

func readMail(line []byte) (Received, error) {
	var m Mail
	err := json.Unmarshal(line, &m)
	subject := m.Subject
	if m.Refused != "" {
		subject = "(" + m.Refused + ")"
	}
	return Received{Time: m.Time, Kind: m.Kind, To: oneLine(strings.Join(m.To, ", ")), Subject: oneLine(subject)}, err
}

func readWebhook(line []byte) (Received, error) {
	var w Webhook
	if err := json.Unmarshal(line, &w); err != nil {
		return Received{}, err
	}
	subject := []rune(oneLine(string(bytes.Trim(w.Body, `"`))))
	if len(subject) > excerpt {
		subject = append(subject[:excerpt], '…')
	}
	about := string(subject)
	if w.Status >= 400 {
		about = fmt.Sprintf("(%d) %s", w.Status, about)
	}
	return Received{Time: w.Time, Kind: w.Kind, To: oneLine(w.Method + " " + w.Path), Subject: about}, nil
}

// oneLine keeps what a stranger wrote from steering the terminal.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}
