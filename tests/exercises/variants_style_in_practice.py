"""Right answers to the practice notebook's exercises in other styles: every check passes them."""

from answers import variant

VARIATION = [
    variant("total_variation_cost", name, source)
    for name, source in [
        (
            "slices with names",
            """
            def total_variation_cost(image):
                m, n_H, n_W, n_C = image.get_shape().as_list()
                above, below = image[:, :-1, :, :], image[:, 1:, :, :]
                left, right = image[:, :, :-1, :], image[:, :, 1:, :]
                J = tf.reduce_sum(tf.square(tf.subtract(below, above)))
                J += tf.reduce_sum(tf.square(tf.subtract(right, left)))
                return J / (n_H * n_W * n_C)
            """,
        ),
        (
            "tf.image.image_gradients",
            """
            def total_variation_cost(image):
                dy, dx = tf.image.image_gradients(image)
                return tf.reduce_mean(dy**2 + dx**2)
            """,
        ),
        (
            "a cast size",
            """
            def total_variation_cost(image):
                down = tf.math.squared_difference(image[:, 1:], image[:, :-1])
                across = tf.math.squared_difference(image[:, :, 1:], image[:, :, :-1])
                total = tf.reduce_sum(down) + tf.reduce_sum(across)
                return total / tf.cast(tf.size(image), tf.float32)
            """,
        ),
        (
            "tf.experimental.numpy.diff",
            """
            import tensorflow.experimental.numpy as tnp

            def total_variation_cost(image):
                image = tf.convert_to_tensor(image)
                total = tf.reduce_sum(tnp.diff(image, axis=1) ** 2)
                total += tf.reduce_sum(tnp.diff(image, axis=2) ** 2)
                return total / image.shape.num_elements()
            """,
        ),
        (
            "convolutions",
            """
            def total_variation_cost(image):
                n_C = image.shape[-1]
                step = tf.constant([-1.0, 1.0])
                down = tf.tile(tf.reshape(step, (2, 1, 1, 1)), (1, 1, n_C, 1))
                across = tf.tile(tf.reshape(step, (1, 2, 1, 1)), (1, 1, n_C, 1))
                total = 0.0
                for kernel in (down, across):
                    found = tf.nn.depthwise_conv2d(image, kernel, [1, 1, 1, 1], "VALID")
                    total += tf.nn.l2_loss(found)
                return 2 * total / float(np.prod(image.shape))
            """,
        ),
        (
            "rolled, the border cut off",
            """
            def total_variation_cost(image):
                down = (tf.roll(image, -1, axis=1) - image)[:, :-1]
                across = (tf.roll(image, -1, axis=2) - image)[:, :, :-1]
                return (tf.norm(down) ** 2 + tf.norm(across) ** 2) / float(np.prod(image.shape))
            """,
        ),
        (
            "the first picture of the batch",
            """
            def total_variation_cost(image):
                x = image[0]
                total = tf.reduce_sum(tf.pow(x[1:] - x[:-1], 2))
                total = total + tf.reduce_sum(tf.pow(x[:, 1:] - x[:, :-1], 2))
                print("variation", total)
                return tf.divide(total, x.shape[0] * x.shape[1] * x.shape[2])
            """,
        ),
        (
            "keras.ops",
            """
            from keras import ops

            def total_variation_cost(image):
                down = ops.sum(ops.square(image[:, 1:] - image[:, :-1]))
                across = ops.sum(ops.square(image[:, :, 1:] - image[:, :, :-1]))
                return (down + across) / ops.prod(ops.cast(ops.shape(image), "float32"))
            """,
        ),
        (
            "@tf.function",
            """
            @tf.function
            def total_variation_cost(image):
                down = tf.reduce_sum((image[:, 1:] - image[:, :-1]) ** 2)
                across = tf.reduce_sum((image[:, :, 1:] - image[:, :, :-1]) ** 2)
                return (down + across) / (image.shape[1] * image.shape[2] * image.shape[3])
            """,
        ),
    ]
]

STYLES = [
    variant("blended_style_cost", name, source)
    for name, source in [
        (
            "two helpers",
            """
            def gram(a):
                n_C = a.shape[-1]
                A = tf.transpose(tf.reshape(a, [-1, n_C]))
                return tf.matmul(A, A, transpose_b=True) / A.shape[1]

            def layer(a_S, a_G):
                n_C = a_G.shape[-1]
                return tf.reduce_sum(tf.square(gram(a_S) - gram(a_G))) / (4 * n_C**2)

            def blended_style_cost(a_S_list, a_G, STYLE_LAYERS, blend):
                J = 0.0
                total = sum(blend)
                for a_S, b in zip(a_S_list, blend):
                    J_style = 0.0
                    for name, weight in STYLE_LAYERS:
                        J_style += weight * layer(a_S[name], a_G[name])
                    J += b / total * J_style
                return J
            """,
        ),
        (
            "einsum and means",
            """
            def blended_style_cost(a_S_list, a_G, STYLE_LAYERS, blend):
                shares = np.array(blend) / np.sum(blend)
                J = tf.constant(0.0)
                for name, weight in STYLE_LAYERS:
                    a = a_G[name]
                    G = tf.einsum("bijc,bijd->cd", a, a) / (a.shape[1] * a.shape[2])
                    for share, a_S in zip(shares, a_S_list):
                        s = a_S[name]
                        S = tf.einsum("bijc,bijd->cd", s, s) / (s.shape[1] * s.shape[2])
                        J += float(weight * share) * tf.reduce_mean((S - G) ** 2) / 4
                return J
            """,
        ),
        (
            "one sum, divided at the end",
            """
            def blended_style_cost(a_S_list, a_G, STYLE_LAYERS, blend):
                def gram(a):
                    rows = tf.reshape(a, (-1, a.shape[-1]))
                    return tf.transpose(rows) @ rows / float(rows.shape[0])

                total = tf.add_n([
                    b * w * tf.reduce_sum((gram(a_S[n]) - gram(a_G[n])) ** 2)
                    / (2.0 * a_G[n].shape[-1]) ** 2
                    for a_S, b in zip(a_S_list, blend)
                    for n, w in STYLE_LAYERS
                ])
                return total / sum(blend)
            """,
        ),
        (
            "roots shared out among the factors",
            """
            def blended_style_cost(a_S_list, a_G, STYLE_LAYERS, blend):
                def gram(a):
                    _, n_H, n_W, n_C = a.get_shape().as_list()
                    rows = tf.reshape(a, (n_H * n_W, n_C)) / np.sqrt(n_H * n_W)
                    return tf.tensordot(rows, rows, axes=[[0], [0]])

                J = 0
                for k in range(len(a_S_list)):
                    for name, weight in STYLE_LAYERS:
                        d = gram(a_S_list[k][name]) - gram(a_G[name])
                        J = J + weight * blend[k] * tf.nn.l2_loss(d) / (2 * int(d.shape[0]) ** 2)
                return J / np.float32(np.sum(blend))
            """,
        ),
        (
            "style by style, asks the model once for each layer",
            """
            def blended_style_cost(a_S_list, a_G, STYLE_LAYERS, blend):
                def mean_gram(a):
                    A = tf.reshape(tf.transpose(a[0], [2, 0, 1]), [a.shape[-1], -1])
                    return tf.matmul(A, A, transpose_b=True) / tf.cast(tf.shape(A)[1], tf.float32)

                grams = {name: mean_gram(a_G[name]) for name, _ in STYLE_LAYERS}
                costs = []
                for a_S in a_S_list:
                    layers = [
                        weight * tf.reduce_sum(tf.square(mean_gram(a_S[name]) - grams[name]))
                        / (4.0 * a_S[name].shape[-1] ** 2)
                        for name, weight in STYLE_LAYERS
                    ]
                    costs.append(tf.add_n(layers))
                shares = tf.constant(blend, tf.float32)
                return tf.reduce_sum(tf.stack(costs) * shares) / tf.reduce_sum(shares)
            """,
        ),
        (
            "the mean Gram matrix, and what it leaves out",
            """
            def blended_style_cost(a_S_list, a_G, STYLE_LAYERS, blend):
                b = np.array(blend, np.float32) / np.float32(np.sum(blend))
                J = 0.0
                for name, weight in STYLE_LAYERS:
                    n_C = a_G[name].shape[-1]

                    def gram(a):
                        rows = tf.reshape(a, [-1, n_C])
                        return tf.matmul(rows, rows, transpose_a=True) / len(rows)

                    S = tf.stack([gram(a_S[name]) for a_S in a_S_list])
                    mean = tf.tensordot(b, S, axes=1)
                    spread = tf.tensordot(b, tf.reduce_sum((S - mean) ** 2, axis=[1, 2]), axes=1)
                    total = tf.reduce_sum((mean - gram(a_G[name])) ** 2) + spread
                    J += weight * total / (4 * n_C**2)
                return J
            """,
        ),
        (
            "@tf.function",
            """
            @tf.function
            def blended_style_cost(a_S_list, a_G, STYLE_LAYERS, blend):
                J = 0.0
                for a_S, share in zip(a_S_list, blend):
                    for name, weight in STYLE_LAYERS:
                        S, G = (tf.reshape(a[name], [-1, a[name].shape[-1]]) for a in (a_S, a_G))
                        d = tf.transpose(S) @ S / S.shape[0] - tf.transpose(G) @ G / G.shape[0]
                        J += share * weight * tf.reduce_mean(d**2) / 4
                return J / sum(blend)
            """,
        ),
    ]
]

COLOURS = [
    variant("transfer_colours", name, source)
    for name, source in [
        (
            "chroma plus luminance",
            """
            def transfer_colours(content, stylised):
                weights = [0.299, 0.587, 0.114]
                Y_C = np.dot(content, weights)[..., np.newaxis]
                Y_S = np.dot(stylised, weights)[..., np.newaxis]
                chroma = content - Y_C
                return np.clip(Y_S + chroma, 0, 255).astype(np.float32)
            """,
        ),
        (
            "YIQ by TensorFlow",
            """
            def transfer_colours(content, stylised):
                yiq = tf.image.rgb_to_yiq(tf.constant(content) / 255)
                luminance = tf.image.rgb_to_yiq(tf.constant(stylised) / 255)[..., :1]
                result = tf.image.yiq_to_rgb(tf.concat([luminance, yiq[..., 1:]], axis=-1))
                return tf.clip_by_value(255 * result, 0, 255).numpy()
            """,
        ),
        (
            "YUV by TensorFlow, a tensor",
            """
            def transfer_colours(content, stylised):
                yuv = tf.image.rgb_to_yuv(content)
                Y = tf.image.rgb_to_yuv(stylised)[:, :, 0]
                result = tf.image.yuv_to_rgb(tf.stack([Y, yuv[:, :, 1], yuv[:, :, 2]], axis=2))
                return tf.clip_by_value(result, 0.0, 255.0)
            """,
        ),
        (
            "whole numbers",
            """
            def transfer_colours(content, stylised):
                def luminance(picture):
                    r, g, b = picture[..., 0], picture[..., 1], picture[..., 2]
                    return 0.299 * r + 0.587 * g + 0.114 * b

                shift = luminance(stylised) - luminance(content)
                result = content + np.expand_dims(shift, -1)
                return np.clip(np.rint(result), 0, 255).astype(np.uint8)
            """,
        ),
        (
            "whole numbers, cut off",
            """
            def transfer_colours(content, stylised):
                shift = (stylised - content) @ np.array([[0.299], [0.587], [0.114]])
                return np.clip(content + shift, 0, 255).astype(np.uint8)
            """,
        ),
        (
            "YIQ, the matrix of a textbook and its inverse",
            """
            def transfer_colours(content, stylised):
                to_yiq = np.array(
                    [[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]]
                )
                yiq = content.reshape(-1, 3) @ to_yiq.T
                yiq[:, 0] = stylised.reshape(-1, 3) @ to_yiq[0]
                result = yiq @ np.linalg.inv(to_yiq).T
                return np.maximum(0, np.minimum(255, result)).reshape(content.shape)
            """,
        ),
        (
            "YCbCr, written out",
            """
            def transfer_colours(content, stylised):
                R, G, B = np.moveaxis(content, -1, 0)
                Y = 0.299 * R + 0.587 * G + 0.114 * B
                Cb, Cr = 0.5643 * (B - Y), 0.7133 * (R - Y)
                R, G, B = np.moveaxis(stylised, -1, 0)
                Y = 0.299 * R + 0.587 * G + 0.114 * B
                R, B = Y + Cr / 0.7133, Y + Cb / 0.5643
                G = (Y - 0.299 * R - 0.114 * B) / 0.587
                return np.stack([R, G, B], axis=-1).clip(0, 255)
            """,
        ),
        (
            "pixel by pixel",
            """
            def transfer_colours(content, stylised):
                result = np.array(content, dtype=float)
                for i in range(content.shape[0]):
                    for j in range(content.shape[1]):
                        old, new = content[i, j], stylised[i, j]
                        weights = (0.299, 0.587, 0.114)
                        shift = sum(w * (n - o) for w, n, o in zip(weights, new, old))
                        result[i, j] = [min(max(float(o + shift), 0.0), 255.0) for o in old]
                return result
            """,
        ),
    ]
]

OBJECTIVE = [
    variant("value_and_gradient", name, source)
    for name, source in [
        (
            "a variable, which the tape watches by itself",
            """
            def value_and_gradient(x, cost, shape):
                image = tf.Variable(np.reshape(x, shape), dtype=tf.float32)
                with tf.GradientTape() as tape:
                    J = cost(image)
                gradient = tape.gradient(J, image)
                return J.numpy(), gradient.numpy().flatten().astype("float64")
            """,
        ),
        (
            "a list, NumPy first",
            """
            def value_and_gradient(x, cost, shape):
                image = tf.convert_to_tensor(x.reshape(shape).astype(np.float32))
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(image)
                    J = cost(image)
                g = tape.gradient(J, image)
                return [float(J.numpy()), np.array(g, dtype=np.float64).reshape(-1)]
            """,
        ),
        (
            "the gradient with respect to the vector",
            """
            def value_and_gradient(x, cost, shape):
                v = tf.cast(x, tf.float32)
                with tf.GradientTape() as tape:
                    tape.watch(v)
                    J = cost(tf.reshape(v, shape))
                return np.float64(J), np.float64(tape.gradient(J, v))
            """,
        ),
        (
            "float64 through a cast",
            """
            def value_and_gradient(x, cost, shape):
                v = tf.constant(x, tf.float64)
                with tf.GradientTape() as tape:
                    tape.watch(v)
                    J = cost(tf.cast(tf.reshape(v, shape), tf.float32))
                return J.numpy().item(), tape.gradient(J, v).numpy()
            """,
        ),
        (
            "cut to 0 ... 255, where SciPy's bounds keep it anyway",
            """
            def value_and_gradient(x, cost, shape):
                image = tf.reshape(tf.constant(np.clip(x, 0, 255), tf.float32), shape)
                with tf.GradientTape() as tape:
                    tape.watch(image)
                    J = cost(image)
                gradient = tape.gradient(J, image)
                return float(J), np.asarray(gradient, np.float64).ravel()
            """,
        ),
        (
            "the cost asked twice",
            """
            def value_and_gradient(x, cost, shape):
                image = tf.reshape(tf.constant(x, dtype=tf.float32), shape)
                with tf.GradientTape() as tape:
                    tape.watch(image)
                    J = cost(image)
                gradient = tf.reshape(tape.gradient(J, image), [-1])
                value = float(cost(image))
                return value, tf.cast(gradient, tf.float64).numpy()
            """,
        ),
        (
            "a helper, tf.function inside",
            """
            def value_and_gradient(x, cost, shape):
                @tf.function
                def both(image):
                    with tf.GradientTape() as tape:
                        tape.watch(image)
                        J = cost(image)
                    return J, tape.gradient(J, image)

                J, gradient = both(tf.reshape(tf.constant(x, tf.float32), shape))
                return float(J), gradient.numpy().ravel().astype(np.float64)
            """,
        ),
        (
            "a closure, a persistent tape",
            """
            def value_and_gradient(x, cost, shape):
                def of(v):
                    return cost(tf.reshape(v, shape))

                v = tf.constant(x, tf.float32)
                with tf.GradientTape(persistent=True) as tape:
                    tape.watch(v)
                    J = of(v)
                result = J.numpy(), tape.gradient(J, v).numpy().astype(float)
                del tape
                return result
            """,
        ),
    ]
]

VARIANTS = [*VARIATION, *STYLES, *COLOURS, *OBJECTIVE]
