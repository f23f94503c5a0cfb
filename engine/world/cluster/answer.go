package cluster

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// An answer is what a request gets.
type answer struct {
	code     int
	object   any    // as JSON, unless it is nil
	text     string // instead
	media    string // of the text; a page for people if it is empty
	warnings []string
	stream   func(http.ResponseWriter) int // instead of all that: writes the answer by itself, without the lock
}

// write sends an answer, and returns its code. A client that does not want it any more is no failure of ours.
func (a answer) write(w http.ResponseWriter, f form) int {
	header := w.Header()
	for _, warning := range a.warnings {
		header.Add("Warning", fmt.Sprintf(`299 - %q`, warning))
	}
	header.Set("Cache-Control", "no-cache, private")
	if a.object == nil {
		header.Set("Content-Type", cmp.Or(a.media, "text/plain; charset=utf-8"))
		w.WriteHeader(a.code)
		_, _ = w.Write([]byte(a.text))
		return a.code
	}
	if status, ok := a.object.(metav1.Status); ok && status.Details != nil && status.Details.RetryAfterSeconds > 0 {
		header.Set("Retry-After", strconv.Itoa(int(status.Details.RetryAfterSeconds)))
	}
	raw, err := json.Marshal(a.object)
	if err == nil && f.yaml {
		raw, err = yaml.JSONToYAML(raw)
	}
	if err != nil {
		a.code, raw = http.StatusInternalServerError, []byte(strconv.Quote(err.Error()))
	}
	header.Set("Content-Type", f.contentType())
	w.WriteHeader(a.code)
	_, _ = w.Write(raw)
	if !f.yaml {
		_, _ = w.Write([]byte("\n"))
	}
	return a.code
}

// failure is the answer of something that went wrong: a Status.
func failure(err error) answer {
	status := statusOf(err)
	return answer{code: int(status.Code), object: status}
}

// statusOf is an error as the server reports it. Whatever is no refusal of its own is an internal error.
func statusOf(err error) metav1.Status {
	status := metav1.Status{Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Message: err.Error()}
	var own apierrors.APIStatus
	if errors.As(err, &own) {
		status = own.Status()
	}
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	return status
}

// notFound is the answer for a path that leads nowhere.
func notFound() answer { return answer{code: http.StatusNotFound, text: "404 page not found\n"} }

// unrouted is the error of a path that leads to a group of resources, and to nothing that can be done there.
func unrouted(code int, message string) error {
	return apierrors.NewGenericServerResponse(code, "", schema.GroupResource{}, "", message, 0, false)
}

func noResource() error { return unrouted(http.StatusNotFound, "") }

func noMethod() error { return unrouted(http.StatusMethodNotAllowed, "") }
