package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"runbook/examples/lab/layout"
)

// TreeBucket holds what a sync is measured with.
const TreeBucket = "bench-sync"

// What is in it: many small objects, and a few large ones. It is the mixture of a model's cache.
const (
	smallObjects = 3000
	largeObjects = 4
	smallest     = 50_000
	spread       = 34_667 // above the smallest
	treeLarge    = 50_000_000
	treeFolders  = 50
)

// FillTree makes the bucket, and puts into it what is not there yet. It returns how many objects it has, and how many bytes.
func FillTree(ctx context.Context, dir layout.Dir, endpoint string) (count int, size int64, err error) {
	root, err := rootOf(dir)
	if err != nil {
		return 0, 0, err
	}
	client, bucket := newClient(endpoint, root), TreeBucket
	var owned *types.BucketAlreadyOwnedByYou
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil && !errors.As(err, &owned) {
		return 0, 0, fmt.Errorf("make bucket %s: %w", bucket, err)
	}
	objects := tree()
	for _, o := range objects {
		size += int64(len(o.Content))
	}
	return len(objects), size, upload(ctx, client, bucket, objects)
}

// tree is what is in the bucket: the same bytes each time.
func tree() []Object {
	chance := rand.NewChaCha8([32]byte{1})
	content := func(size int) []byte {
		text := make([]byte, size)
		_, _ = chance.Read(text) // it never fails
		return text
	}
	var out []Object
	for i := range smallObjects {
		out = append(out, Object{Key: fmt.Sprintf("tree/small/%02d/%04d.bin", i%treeFolders, i), Content: content(smallest + i*37%spread)})
	}
	for i := range largeObjects {
		out = append(out, Object{Key: fmt.Sprintf("tree/large-%d.bin", i), Content: content(treeLarge)})
	}
	return out
}
