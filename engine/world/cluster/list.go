package cluster

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// list answers with the objects of a kind, page by page if a limit is given.
func (c *Cluster) list(q *request) (answer, error) {
	opts, err := q.listOptions()
	if err != nil {
		return answer{}, err
	}
	chosen, err := q.kind.selector(opts, q.call)
	if err != nil {
		return answer{}, err
	}
	page, err := c.page(q, opts, chosen)
	if err != nil {
		return answer{}, err
	}
	return answer{code: http.StatusOK, object: q.form.many(q.kind, page.items, page.meta)}, nil
}

func (q *request) listOptions() (metav1.ListOptions, error) {
	var opts metav1.ListOptions
	if err := metav1.Convert_url_Values_To_v1_ListOptions(&q.query, &opts, nil); err != nil {
		return opts, apierrors.NewBadRequest(err.Error())
	}
	return opts, checkListOptions(opts)
}

type page struct {
	items []Object
	meta  listMeta
}

// page is a part of a list, as it was at one revision: that of the first page.
func (c *Cluster) page(q *request, opts metav1.ListOptions, chosen selector) (page, error) {
	at, err := c.bookmark(opts)
	if err != nil {
		return page{}, err
	}
	namespace := q.key().Namespace
	all, known := c.store.At(q.kind.canonical(), namespace, at.Revision)
	if !known {
		return page{}, c.expired(opts, at)
	}
	all = slices.DeleteFunc(all, func(o Object) bool { return keyText(o) < at.Start })
	p := page{items: []Object{}, meta: listMeta{ResourceVersion: strconv.FormatInt(at.Revision, 10)}}
	for i, o := range all {
		if !chosen.matches(o) {
			continue
		}
		if opts.Limit > 0 && int64(len(p.items)) == opts.Limit {
			last := p.items[len(p.items)-1]
			p.meta.Continue = bookmark{Version: tokenVersion, Revision: at.Revision, Start: keyText(last) + "\x00"}.token()
			if rest := int64(len(all) - i); chosen.everything() {
				p.meta.Remaining = &rest
			}
			break
		}
		p.items = append(p.items, o)
	}
	return p, nil
}

// keyText is the place of an object in the order of a list.
func keyText(o Object) string { return namespaceOf(o) + "/" + nameOf(o) }

// A bookmark is where a list goes on, and of which revision. Its token is what a client gives back as continue.
type bookmark struct {
	Version  string `json:"v"`
	Revision int64  `json:"rv"`
	Start    string `json:"start"`
}

const tokenVersion = "meta.k8s.io/v1"

func (b bookmark) token() string {
	raw, err := json.Marshal(b)
	if err != nil {
		return "" // it consists of strings and a number
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// bookmark finds out which revision a list is of, and where it begins.
func (c *Cluster) bookmark(opts metav1.ListOptions) (bookmark, error) {
	if opts.Continue != "" {
		return c.resumed(opts)
	}
	wanted, err := parseRevision(opts.ResourceVersion)
	if err != nil {
		return bookmark{}, err
	}
	if wanted > c.store.Revision() {
		return bookmark{}, tooNew(wanted, c.store.Revision())
	}
	if wanted == 0 || opts.ResourceVersionMatch != metav1.ResourceVersionMatchExact && (opts.ResourceVersionMatch != "" || opts.Limit == 0) {
		wanted = c.store.Revision()
	}
	return bookmark{Revision: wanted}, nil
}

func (c *Cluster) resumed(opts metav1.ListOptions) (bookmark, error) {
	if opts.ResourceVersion != "" && opts.ResourceVersion != "0" {
		return bookmark{}, apierrors.NewBadRequest("specifying resource version is not allowed when using continue")
	}
	var b bookmark
	raw, err := base64.RawURLEncoding.DecodeString(opts.Continue)
	if err == nil {
		err = json.Unmarshal(raw, &b)
	}
	switch {
	case err != nil:
		err = fmt.Errorf("continue key is not valid: %w", err)
	case b.Version != tokenVersion:
		err = fmt.Errorf("continue key is not valid: server does not recognize this encoded version %s", b.Version)
	case b.Revision == 0:
		err = fmt.Errorf("continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
	case b.Start == "" || !strings.HasSuffix(b.Start, "\x00"):
		err = fmt.Errorf("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)")
	}
	if err != nil {
		return bookmark{}, apierrors.NewBadRequest("invalid continue token: " + err.Error())
	}
	if b.Revision < 0 {
		b.Revision = c.store.Revision() // a list that goes on inconsistently, as expired offers
	}
	return b, nil
}

func parseRevision(text string) (int64, error) {
	if text == "" || text == "0" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, invalidRevision(text, err)
	}
	return int64(n), nil
}

// expired says that the revision of a list is forgotten. Who reads it in pages may go on without consistency.
func (c *Cluster) expired(opts metav1.ListOptions, at bookmark) error {
	if opts.Continue == "" {
		return apierrors.NewResourceExpired("The resourceVersion for the provided list is too old.")
	}
	e := apierrors.NewResourceExpired("The provided continue parameter is too old to display a consistent list result. You can start a new list " +
		"without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with " +
		"the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk " +
		"was returned and now may show up in the list.")
	at.Revision = -1
	e.ErrStatus.Continue = at.token()
	return e
}

func tooNew(wanted, current int64) error {
	e := apierrors.NewTimeoutError(fmt.Sprintf("Too large resource version: %d, current: %d", wanted, current), 1)
	e.ErrStatus.Details.Causes = []metav1.StatusCause{{
		Type: metav1.CauseTypeResourceVersionTooLarge, Message: "Too large resource version",
	}}
	return e
}
