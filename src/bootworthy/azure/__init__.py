"""Azure's side of the way: page blobs, managed disks, images and galleries, by Microsoft's SDKs."""
