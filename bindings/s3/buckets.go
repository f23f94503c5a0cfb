package s3

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) bucketsFunc() module.Func {
	return module.Func{
		Name:     "buckets",
		Doc:      "Lists the buckets that the run's credentials may list.",
		Returns:  module.Result{Type: "s3.Bucket[]", Doc: "name, uri, and created, in seconds since 1970; by name"},
		Errors:   asking,
		Examples: []string{`for _, bucket in ipairs(s3.buckets()) do log(bucket.name) end`},
		Read:     func(module.Args) (action.Read, error) { return bucketList{b}, nil },
	}
}

type bucketList struct{ b *binding }

func (bucketList) Describe() action.Description {
	return action.Description{Verb: "s3.buckets", Target: action.Target{System: system, Kind: buckets}, Idempotent: true}
}

// Read asks for all pages.
func (r bucketList) Read(ctx context.Context, _ action.View) (any, error) {
	l, err := r.b.link()
	if err != nil {
		return nil, err
	}
	ctx, stop := module.OutsideOf(ctx).WithTimeout(ctx, patience)
	defer stop()
	found := []any{}
	pages := s3.NewListBucketsPaginator(l.client, &s3.ListBucketsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, r.b.explain(ctx, l, question{purpose: "list buckets", target: r.Describe().Target, needs: "s3:ListAllMyBuckets"}, err)
		}
		for _, one := range page.Buckets {
			name := aws.ToString(one.Name)
			found = append(found, object{"name": name, fieldURI: location{bucket: name}.String(), "created": seconds(aws.ToTime(one.CreationDate))})
		}
	}
	return found, nil
}
