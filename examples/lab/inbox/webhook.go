package inbox

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// readyPath tells that the receiver runs. Who asks it sends no message.
const readyPath = "/-/ready"

// What the beginning of a path asks for: /fail/503/whatever is answered with 503, /slow/30s/whatever after half a minute.
const (
	failFolder = "fail"
	slowFolder = "slow"
)

// events is the end of the path of PagerDuty's Events API.
const events = "/v2/enqueue"

// retryAfter is the Retry-After of a 429, in seconds.
const retryAfter = "1"

// receiver takes webhooks.
type receiver struct{ ledger *ledger }

// reply is what is answered.
type reply struct {
	status int
	header http.Header
	text   string
	after  time.Duration
}

func (h receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == readyPath {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largest))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); err != nil && !tooLarge {
		log.Printf("read the body of %s %s: %v", r.Method, r.URL.Path, err)
		return // the client is gone
	}
	answer := replyTo(r.URL.Path, body)
	if err != nil {
		answer, body = plain(http.StatusRequestEntityTooLarge, "a message may have %d bytes", largest), nil
	}
	// Before it is answered, so that whoever got an answer finds the message.
	if err := h.ledger.add(webhook(r, body, answer.status)); err != nil {
		log.Print(err)
		answer = plain(http.StatusInternalServerError, "the message could not be written down")
	}
	answer.send(w, r)
}

func (a reply) send(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(a.after):
	case <-r.Context().Done():
		return
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	io.WriteString(w, a.text) //nolint:errcheck // who sent it need not read the answer
}

// replyTo finds the answer that a path asks for. Most get an "ok", which is what Slack says.
func replyTo(path string, body []byte) reply {
	folders := strings.Split(path, "/")
	if len(folders) > 2 {
		switch folders[1] {
		case failFolder:
			return failure(folders[2])
		case slowFolder:
			return slowness(folders[2])
		}
	}
	if strings.HasSuffix(path, events) {
		return event(body)
	}
	return plain(http.StatusOK, "ok")
}

func failure(text string) reply {
	status, err := strconv.Atoi(text)
	if err != nil || status < 400 || status > 599 {
		return plain(http.StatusNotFound, "%q is no failure: name a status from 400 to 599, as in /%s/503", text, failFolder)
	}
	answer := plain(status, "%s, as the path asks for", http.StatusText(status))
	if status == http.StatusTooManyRequests {
		answer.header.Set("Retry-After", retryAfter)
	}
	return answer
}

func slowness(text string) reply {
	after, err := time.ParseDuration(text)
	if err != nil || after < 0 {
		return plain(http.StatusNotFound, "%q is no duration: name one as in /%s/30s", text, slowFolder)
	}
	answer := plain(http.StatusOK, "ok")
	answer.after = after
	return answer
}

// event answers as PagerDuty does.
func event(body []byte) reply {
	var sent struct {
		RoutingKey string `json:"routing_key"`
		Action     string `json:"event_action"`
		DedupKey   string `json:"dedup_key"`
	}
	err := json.Unmarshal(body, &sent)
	answer, status := map[string]string{"status": "success", "message": "Event processed"}, http.StatusAccepted
	if err != nil || sent.RoutingKey == "" || sent.Action == "" {
		answer, status = map[string]string{"status": "invalid event", "message": "Event object is invalid"}, http.StatusBadRequest
	} else {
		answer["dedup_key"] = cmp.Or(sent.DedupKey, strings.ToLower(rand.Text()))
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return plain(http.StatusInternalServerError, "%v", err)
	}
	return reply{status: status, text: string(text), header: http.Header{"Content-Type": {"application/json"}}}
}

func plain(status int, format string, args ...any) reply {
	return reply{status: status, text: fmt.Sprintf(format, args...), header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}}
}

// webhook is what is written down of a request.
func webhook(r *http.Request, body []byte, status int) Webhook {
	return Webhook{
		Time: time.Now().UTC(), Kind: KindWebhook,
		Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
		Headers: withoutSecrets(r.Header), Body: document(body), Status: status,
	}
}

// document is a body as JSON: itself if it is some, else a string.
func document(body []byte) json.RawMessage {
	if len(body) == 0 {
		return nil
	}
	if json.Valid(body) {
		return body
	}
	quoted, err := json.Marshal(string(body))
	if err != nil {
		panic(err) // a string can always be written
	}
	return quoted
}

// secretive is in the names of headers whose values are nobody's business.
var secretive = []string{"auth", "cookie", "password", "secret", "token", "api-key", "apikey", "signature"}

// withoutSecrets hides the values that would let a reader of the ledger pose as the sender.
func withoutSecrets(header http.Header) http.Header {
	safe := header.Clone()
	for name := range safe {
		for _, word := range secretive {
			if strings.Contains(strings.ToLower(name), word) {
				safe[name] = []string{"(hidden)"}
			}
		}
	}
	return safe
}
