package store

import (
	"bytes"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"
)

// uploads is how many objects are on their way at once.
const uploads = 16

// fill makes the bucket, lets the reader read it, and puts the objects into it.
func fill(ctx context.Context, client *s3.Client, reader user, objects []Object) error {
	bucket := Bucket
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		return fmt.Errorf("make bucket %s: %w", bucket, err)
	}
	policy, err := mayRead(reader)
	if err != nil {
		return fmt.Errorf("write the policy of bucket %s: %w", bucket, err)
	}
	if _, err := client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &policy}); err != nil {
		return fmt.Errorf("let the on-call engineer read bucket %s: %w", bucket, err)
	}
	if err := upload(ctx, client, bucket, objects); err != nil {
		return err
	}
	return compare(ctx, client, objects)
}

func upload(ctx context.Context, client *s3.Client, bucket string, objects []Object) error {
	manager := transfermanager.New(client, func(o *transfermanager.Options) {
		o.PartSizeBytes, o.MultipartUploadThreshold = partSize, partSize
	})
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(uploads)
	for _, object := range objects {
		group.Go(func() error {
			_, err := manager.UploadObject(ctx, &transfermanager.UploadObjectInput{
				Bucket: &bucket, Key: &object.Key, Body: bytes.NewReader(object.Content),
			})
			if err != nil {
				return fmt.Errorf("put %s into bucket %s: %w", object.Key, bucket, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// compare checks that the store lists what was put there, and nothing else.
func compare(ctx context.Context, client *s3.Client, objects []Object) error {
	missing := map[string]int64{}
	for _, object := range objects {
		missing[object.Key] = int64(len(object.Content))
	}
	bucket := Bucket
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list bucket %s: %w", bucket, err)
		}
		for _, listed := range page.Contents {
			if size, put := missing[*listed.Key]; !put || size != *listed.Size {
				return fmt.Errorf("list bucket %s: %q of %d bytes is not what was put there", bucket, *listed.Key, *listed.Size)
			}
			delete(missing, *listed.Key)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("list bucket %s: %d of the %d objects that were put there are not listed", bucket, len(missing), len(objects))
	}
	return nil
}
