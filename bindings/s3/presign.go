package s3

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"runbook/engine/action"
	"runbook/engine/module"
)

// longestValid is how long an address can be valid that is signed.
const longestValid = 7 * 24 * time.Hour

func (b *binding) presignFunc() module.Func {
	return module.Func{
		Name: "presign",
		Doc: `Makes an address by which whoever has it can read an object, or store one, for a while, with the rights of this run's credentials.

It is a secret as long as it is valid: it is shown to nobody and stands in no record, and only what takes a secret can send it on. It ends
sooner than it says if the credentials do that made it. Nothing is sent for it.`,
		Params: []module.Param{
			uriParam("s3://bucket/key"),
			{Name: "options", Kind: module.Object, Doc: "for what, and for how long", Fields: []module.Param{
				{Name: "expires", Kind: module.Duration, Default: time.Hour, Doc: "how long it is valid: an hour if not given, at most seven days"},
				{Name: "method", Kind: module.String, Default: http.MethodGet, Enum: []string{http.MethodGet, http.MethodPut}, Doc: "what it is for: GET to read, PUT to store"},
			}},
		},
		Returns:  module.Result{Type: "secret", Doc: "the address"},
		Errors:   []action.Code{action.CodeUnauth, action.CodeUnavailable},
		Examples: []string{`local address = s3.presign("s3://photon-mlir-backups/reports/daily.txt", { expires = "15m" })`},
		Read: func(args module.Args) (action.Read, error) {
			at, err := parseObject("s3.presign", args.String("uri"))
			if err != nil {
				return nil, err
			}
			valid, _ := args.Duration("expires")
			if valid < time.Second || valid > longestValid {
				return nil, action.Errorf(action.CodeInvalid, "s3.presign: expires must be from a second to seven days, got %s", valid)
			}
			return presigning{b, at, valid, args.String("method")}, nil
		},
	}
}

type presigning struct {
	b      *binding
	at     location
	valid  time.Duration
	method string
}

func (r presigning) Describe() action.Description {
	return action.Description{
		Verb: "s3.presign", Target: r.at.target(), Idempotent: true,
		Identity: []action.Arg{{Name: "method", Value: r.method}, {Name: "expires", Value: r.valid.Seconds()}},
	}
}

// Read signs the address.
func (r presigning) Read(ctx context.Context, _ action.View) (any, error) {
	l, err := r.b.link()
	if err != nil {
		return nil, err
	}
	client, expires := s3.NewPresignClient(l.client), s3.WithPresignExpires(r.valid)
	var address string
	if r.method == http.MethodPut {
		signed, failed := client.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: &r.at.bucket, Key: &r.at.key}, expires)
		if err = failed; err == nil {
			address = signed.URL
		}
	} else {
		signed, failed := client.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &r.at.bucket, Key: &r.at.key}, expires)
		if err = failed; err == nil {
			address = signed.URL
		}
	}
	if err != nil {
		return nil, r.b.explain(ctx, l, question{purpose: "sign an address of " + r.at.String(), target: r.at.target()}, err)
	}
	r.b.Secrets.Add(address)
	if u, err := url.Parse(address); err == nil {
		r.b.Secrets.Add(u.Query().Get("X-Amz-Signature"))
	}
	return action.NewSecret(address), nil
}
