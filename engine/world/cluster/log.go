package cluster

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// A logRequest is which part of which log is asked for.
type logRequest struct {
	container        string
	previous, follow bool
	stamps           bool
	tail, limit      int64 // -1 for all
	since            time.Time
}

// log answers with the log of a container.
func (c *Cluster) log(q *request) (answer, error) {
	pod := c.store.Get(q.key())
	if pod == nil {
		return answer{}, q.absent()
	}
	l, err := q.logRequest(c.store.Now())
	if err != nil {
		return answer{}, err
	}
	if l.container, err = container(pod, l.container); err != nil {
		return answer{}, err
	}
	if workload.Text(pod, "spec", "nodeName") == "" {
		return answer{code: http.StatusNoContent}, nil // nothing has run, so nothing was said
	}
	lines, err := c.logLines(pod, l)
	if err != nil {
		return answer{}, err
	}
	text := l.cut(lines)
	if l.follow {
		return answer{stream: func(w http.ResponseWriter) int { return c.followLog(w, q, l, text, len(lines)) }}, nil
	}
	return answer{code: http.StatusOK, text: text, media: "text/plain"}, nil
}

func (c *Cluster) logLines(pod Object, l logRequest) ([]Line, error) {
	last, err := instance(pod, l.container, l.previous)
	if err != nil {
		return nil, err
	}
	lines, err := c.cfg.Life.Logs(pod, l.container, last)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return lines, nil
}

// logRequest reads a query as PodLogOptions.
func (q *request) logRequest(now time.Time) (logRequest, error) {
	l := logRequest{
		container: q.query.Get("container"), previous: isTrue(q.query["previous"]), follow: isTrue(q.query["follow"]),
		stamps: isTrue(q.query["timestamps"]), tail: -1, limit: -1,
	}
	var errs field.ErrorList
	var unreadable error
	number := func(name string, least int64, complaint string) (int64, bool) {
		text := q.query.Get(name)
		if text == "" {
			return 0, false
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			unreadable = cmp.Or(unreadable, err)
		} else if n < least {
			errs = append(errs, field.Invalid(field.NewPath(name), n, complaint))
		}
		return n, true
	}
	if n, ok := number("tailLines", 0, "must be greater than or equal to 0"); ok {
		l.tail = n
	}
	if n, ok := number("limitBytes", 1, "must be greater than 0"); ok {
		l.limit = n
	}
	seconds, given := number("sinceSeconds", 1, "must be greater than 0")
	if given {
		l.since = now.Add(-time.Duration(seconds) * time.Second)
	}
	bad, err := l.sinceTime(q.query, given)
	if unreadable = cmp.Or(unreadable, err); unreadable != nil {
		return l, apierrors.NewBadRequest(unreadable.Error())
	}
	if errs = append(errs, bad...); len(errs) > 0 {
		return l, apierrors.NewInvalid(schema.GroupKind{Kind: "PodLogOptions"}, q.call.Name, errs)
	}
	return l, nil
}

func (l *logRequest) sinceTime(query url.Values, secondsGiven bool) (bad field.ErrorList, err error) {
	text := query.Get("sinceTime")
	if text == "" {
		return nil, nil
	}
	if secondsGiven {
		bad = append(bad, field.Forbidden(field.NewPath(""), "at most one of `sinceTime` or `sinceSeconds` may be specified"))
	}
	l.since, err = time.Parse(time.RFC3339, text)
	return bad, err
}

// cut is the part of a log that is asked for, as text.
func (l logRequest) cut(lines []Line) string {
	for len(lines) > 0 && lines[0].Time.Before(l.since) {
		lines = lines[1:]
	}
	if l.tail >= 0 && int64(len(lines)) > l.tail {
		lines = lines[int64(len(lines))-l.tail:]
	}
	var text strings.Builder
	for _, line := range lines {
		if l.stamps {
			text.WriteString(line.Time.UTC().Format("2006-01-02T15:04:05.000000000Z07:00") + " ")
		}
		text.WriteString(line.Text + "\n")
	}
	if l.limit >= 0 && int64(text.Len()) > l.limit {
		return text.String()[:l.limit]
	}
	return text.String()
}

// followLog sends a log as it grows, until its container ends or the client goes.
func (c *Cluster) followLog(w http.ResponseWriter, q *request, l logRequest, text string, seen int) int {
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(http.StatusOK)
	l.tail, l.since = -1, time.Time{}
	flush := http.NewResponseController(w)
	for {
		if _, err := io.WriteString(w, text); err != nil || flush.Flush() != nil {
			return http.StatusOK
		}
		more, changed, ended := c.logSince(q.key(), l, seen)
		if text = l.cut(more); text != "" {
			seen += len(more)
			continue
		}
		if ended {
			return http.StatusOK
		}
		select {
		case <-q.http.Context().Done():
			return http.StatusOK
		case <-changed:
		}
	}
}

// logSince are the lines after those that were seen, what tells of the next change, and whether there will be no more.
func (c *Cluster) logSince(key store.Key, l logRequest, seen int) (more []Line, changed chan struct{}, ended bool) {
	c.cfg.Lock.Lock()
	defer c.cfg.Lock.Unlock()
	pod := c.store.Get(key)
	if pod == nil {
		return nil, nil, true
	}
	lines, err := c.logLines(pod, l)
	if err != nil || len(lines) < seen {
		return nil, nil, true // another instance has begun: its log is another one
	}
	return lines[seen:], c.changed, l.previous || workload.Dig(containerStatus(pod, l.container), "state", "running") == nil
}
