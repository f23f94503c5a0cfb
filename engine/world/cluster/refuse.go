package cluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Refuse answers a request with a failure that is none of the simulation's own, worded as the API server words it: with that message, or
// with its usual one if that is empty. A retryAfter of zero is left out.
func Refuse(w http.ResponseWriter, r *http.Request, code int, message string, retryAfter time.Duration) {
	status := usual(Describe(r), code)
	if message != "" {
		status.Message = message
	}
	if retryAfter > 0 {
		if status.Details == nil {
			status.Details = &metav1.StatusDetails{}
		}
		status.Details.RetryAfterSeconds = int32((retryAfter + time.Second - 1) / time.Second)
	}
	failure(&apierrors.StatusError{ErrStatus: status}).write(w, form{})
}

// usual is what the API server says with a code.
func usual(c Call, code int) metav1.Status {
	of := schema.GroupResource{Group: c.Group, Resource: c.Resource}
	var err *apierrors.StatusError
	switch code {
	case http.StatusForbidden:
		err = apierrors.NewForbidden(of, c.Name, errors.New("access denied by the scenario"))
	case http.StatusConflict:
		err = apierrors.NewConflict(of, c.Name, errors.New("the object has been modified; please apply your changes to the latest version and try again"))
	case http.StatusTooManyRequests:
		err = apierrors.NewTooManyRequestsError("please try again later")
	case http.StatusInternalServerError:
		err = apierrors.NewInternalError(errors.New("etcdserver: request timed out"))
	case http.StatusGatewayTimeout:
		err = apierrors.NewTimeoutError("request did not complete within the allotted timeout", 0)
	default:
		err = apierrors.NewGenericServerResponse(code, c.Verb, of, c.Name, "", 0, false)
	}
	return err.Status()
}

// IsDryRun tells whether a request only asks what a change would do. Its body can still be read.
func IsDryRun(r *http.Request) bool {
	if slices.Contains(r.URL.Query()["dryRun"], metav1.DryRunAll) {
		return true
	}
	if r.Method != http.MethodDelete || r.Body == nil {
		return false
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
	var options metav1.DeleteOptions
	return json.Unmarshal(body, &options) == nil && slices.Contains(options.DryRun, metav1.DryRunAll)
}

// failing reads as a body that could not be read to its end, or that ends.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}
