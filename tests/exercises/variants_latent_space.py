"""Right answers to the latent-space exercises in other styles: every check lets them pass."""

from answers import variant

ENCODERS = [
    variant("encoder", name, source)
    for name, source in [
        (
            "names from Keras, long form",
            """
            from tensorflow import keras
            from tensorflow.keras import layers as L

            def encoder(latent_dim=2):
                encoder_inputs = keras.Input((28, 28, 1))
                x = L.Conv2D(16, (3, 3), activation="relu", strides=(2, 2), padding="SAME")(
                    encoder_inputs)
                x = L.Conv2D(32, 3, activation=tf.nn.relu, strides=2, padding="same")(x)
                x = L.Flatten()(x)
                x = L.Dense(128, activation="relu")(x)
                z_mean = L.Dense(latent_dim, name="z_mean")(x)
                z_log_var = L.Dense(latent_dim, name="z_log_var")(x)
                return keras.Model(encoder_inputs, [z_mean, z_log_var], name="encoder")
            """,
        ),
        (
            "activations as layers, a tuple of outputs, prints",
            """
            def encoder(latent_dim=2):
                K = tf.keras.layers
                inputs = K.Input(shape=(28, 28, 1), name="picture")
                x = K.ReLU()(K.Conv2D(16, 3, 2, "same")(inputs))
                x = K.Activation("relu")(K.Conv2D(32, 3, 2, "same")(x))
                x = K.Reshape((7 * 7 * 32,))(x)
                x = K.ReLU()(K.Dense(128)(x))
                model = tf.keras.Model(inputs=inputs,
                                       outputs=(K.Dense(latent_dim)(x), K.Dense(latent_dim)(x)))
                model.summary()
                return model
            """,
        ),
        (
            "log-variance made first, linear written out",
            """
            def encoder(latent_dim: int = 2):
                inputs = tf.keras.Input(shape=(28, 28, 1))
                x = inputs
                for filters in (16, 32):
                    x = tf.keras.layers.Conv2D(filters, 3, 2, "same", activation="relu")(x)
                x = tf.keras.layers.Dense(128, "relu")(tf.keras.layers.Flatten()(x))
                z_log_var = tf.keras.layers.Dense(latent_dim, activation="linear")(x)
                z_mean = tf.keras.layers.Dense(latent_dim, activation=None)(x)
                return tf.keras.models.Model(inputs, [z_mean, z_log_var])
            """,
        ),
        (
            "a Sequential trunk, a helper",
            """
            def trunk():
                return tf.keras.Sequential([
                    tf.keras.layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
                    tf.keras.layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
                    tf.keras.layers.Flatten(),
                    tf.keras.layers.Dense(128, activation="relu"),
                ])

            def encoder(latent_dim=2):
                inputs = tf.keras.Input(shape=(28, 28, 1))
                x = trunk()(inputs)
                heads = [tf.keras.layers.Dense(latent_dim)(x) for _ in range(2)]
                return tf.keras.Model(inputs, heads)
            """,
        ),
        (
            "other first weights",
            """
            def encoder(latent_dim=2):
                settings = {"padding": "same", "activation": "relu",
                            "kernel_initializer": "he_normal"}
                inputs = tf.keras.layers.Input((28, 28, 1))
                x = tf.keras.layers.Conv2D(16, 3, strides=2, **settings)(inputs)
                x = tf.keras.layers.Conv2D(32, 3, strides=2, **settings)(x)
                x = tf.keras.layers.Flatten()(x)
                x = tf.keras.layers.Dense(128, activation="relu")(x)
                z_mean = tf.keras.layers.Dense(latent_dim)(x)
                z_log_var = tf.keras.layers.Dense(latent_dim, kernel_initializer="zeros")(x)
                return tf.keras.Model(inputs, [z_mean, z_log_var])
            """,
        ),
    ]
]

DECODERS = [
    variant("decoder", name, source)
    for name, source in [
        (
            "Sequential",
            """
            def decoder(latent_dim=2):
                L = tf.keras.layers
                return tf.keras.Sequential([
                    tf.keras.Input((latent_dim,)),
                    L.Dense(128, "relu"),
                    L.Dense(256, "relu"),
                    L.Dense(1568, "relu"),
                    L.Reshape((7, 7, 32)),
                    L.Conv2DTranspose(16, 3, 2, "same", activation="relu"),
                    L.Conv2DTranspose(1, 3, 2, "same", activation="sigmoid"),
                ])
            """,
        ),
        (
            "names from Keras, long form",
            """
            import keras
            from keras import layers

            def decoder(latent_dim=2):
                latent_inputs = keras.Input(shape=(latent_dim,))
                x = layers.Dense(128, activation="relu")(latent_inputs)
                x = layers.Dense(256, activation="relu")(x)
                x = layers.Dense(7 * 7 * 32, activation="relu")(x)
                x = layers.Reshape((7, 7, 32))(x)
                x = layers.Conv2DTranspose(16, (3, 3), activation="relu", strides=2,
                                           padding="same")(x)
                outputs = layers.Conv2DTranspose(1, (3, 3), activation="sigmoid", strides=2,
                                                 padding="same")(x)
                return keras.Model(latent_inputs, outputs, name="decoder")
            """,
        ),
        (
            "activations as layers",
            """
            def decoder(latent_dim=2):
                L = tf.keras.layers
                z = tf.keras.Input(shape=[latent_dim])
                x = L.ReLU()(L.Dense(256, "relu")(L.Dense(128, "relu")(z)))
                x = L.ReLU()(L.Dense(49 * 32)(x))
                x = L.Reshape(target_shape=(7, 7, 32))(x)
                x = L.ReLU()(L.Conv2DTranspose(16, 3, strides=(2, 2), padding="same")(x))
                x = L.Conv2DTranspose(1, 3, strides=(2, 2), padding="same")(x)
                return tf.keras.Model(inputs=[z], outputs=[L.Activation("sigmoid")(x)])
            """,
        ),
        (
            "reshaped twice, keras.ops",
            """
            def decoder(latent_dim=2):
                L = tf.keras.layers
                z = tf.keras.Input(shape=(latent_dim,))
                x = z
                for units in (128, 256, 1568):
                    x = L.Dense(units, activation="relu")(x)
                x = L.Reshape((-1, 32))(x)
                x = L.Reshape((7, 7, -1))(x)
                x = tf.keras.ops.relu(L.Conv2DTranspose(16, 3, 2, padding="same")(x))
                x = L.Conv2DTranspose(1, 3, 2, padding="same", activation=tf.nn.sigmoid)(x)
                return tf.keras.Model(z, x)
            """,
        ),
    ]
]

RECONSTRUCTION = [
    variant("reconstruction_loss", name, source)
    for name, source in [
        (
            "Keras's cross-entropy",
            """
            def reconstruction_loss(x, x_hat):
                costs = tf.keras.losses.binary_crossentropy(x, x_hat)
                return tf.reduce_mean(tf.reduce_sum(costs, axis=(1, 2)))
            """,
        ),
        (
            "the mean of all pixels times their number",
            """
            def reconstruction_loss(x, x_hat):
                return 28 * 28 * tf.reduce_mean(tf.keras.losses.binary_crossentropy(x, x_hat))
            """,
        ),
        (
            "the sum of all, divided by the batch",
            """
            def reconstruction_loss(x, x_hat):
                p = tf.maximum(1e-7, tf.minimum(x_hat, 1 - 1e-7))
                white = x * tf.math.log(p)
                black = (1.0 - x) * tf.math.log(1.0 - p)
                total = -tf.reduce_sum(white + black)
                return total / tf.cast(tf.shape(x)[0], tf.float32)
            """,
        ),
        (
            "flattened first, prints",
            """
            def reconstruction_loss(x, x_hat):
                eps = 1e-7
                x = tf.reshape(x, (-1, 784))
                p = tf.clip_by_value(tf.reshape(x_hat, (-1, 784)), eps, 1 - eps)
                costs = tf.reduce_sum(x * tf.math.log(p) + (1 - x) * tf.math.log(1 - p), axis=1)
                print("costs", costs.shape)
                return -tf.reduce_mean(costs)
            """,
        ),
        (
            "a small number added in the logarithm",
            """
            def reconstruction_loss(x, x_hat):
                cost = x * tf.math.log(x_hat + 1e-7) + (1 - x) * tf.math.log(1 - x_hat + 1e-7)
                return -tf.reduce_mean(tf.reduce_sum(cost, axis=[1, 2, 3]))
            """,
        ),
        (
            "keras.ops",
            """
            from keras import ops

            def reconstruction_loss(x, x_hat):
                costs = ops.binary_crossentropy(x, x_hat)
                return ops.mean(ops.sum(costs, axis=(1, 2, 3)))
            """,
        ),
        (
            "through the logits, in float64",
            """
            def reconstruction_loss(x, x_hat):
                p = tf.clip_by_value(tf.cast(x_hat, tf.float64), 1e-7, 1 - 1e-7)
                logits = tf.math.log(p) - tf.math.log1p(-p)
                costs = tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(x, tf.float64), logits)
                return tf.cast(tf.reduce_mean(tf.reduce_sum(costs, (1, 2, 3))), tf.float32)
            """,
        ),
        (
            "a loss object",
            """
            def reconstruction_loss(x, x_hat):
                bce = tf.keras.losses.BinaryCrossentropy(reduction=None)
                return tf.reduce_mean(tf.reduce_sum(bce(x, x_hat), axis=[1, 2]))
            """,
        ),
        (
            "@tf.function",
            """
            @tf.function
            def reconstruction_loss(x, x_hat):
                p = tf.clip_by_value(x_hat, 1e-6, 1 - 1e-6)
                costs = -x * tf.math.log(p) - (1 - x) * tf.math.log1p(-p)
                return tf.reduce_mean(tf.reduce_sum(costs, axis=(1, 2, 3)))
            """,
        ),
    ]
]

KL = [
    variant("kl_divergence", name, source)
    for name, source in [
        (
            "the signs turned",
            """
            def kl_divergence(z_mean, z_log_var):
                terms = z_mean**2 + tf.exp(z_log_var) - z_log_var - 1
                return tf.reduce_mean(tf.reduce_sum(terms, axis=1) / 2)
            """,
        ),
        (
            "the sum of all, divided by the batch",
            """
            def kl_divergence(z_mean, z_log_var):
                total = tf.reduce_sum(1.0 + z_log_var - z_mean * z_mean - tf.exp(z_log_var))
                return -0.5 * total / z_mean.shape[0]
            """,
        ),
        (
            "a mean over the dimensions times their number",
            """
            def kl_divergence(z_mean, z_log_var):
                kl = -0.5 * tf.reduce_mean(1 + z_log_var - z_mean**2 - tf.math.exp(z_log_var))
                return kl * tf.cast(tf.shape(z_mean)[-1], tf.float32)
            """,
        ),
        (
            "by the deviation, prints",
            """
            def kl_divergence(z_mean, z_log_var):
                sigma = tf.exp(0.5 * z_log_var)
                kl = (sigma**2 + z_mean**2 - 1) / 2 - tf.math.log(sigma)
                print("KL of each dimension:", kl.shape)
                return tf.reduce_mean(tf.reduce_sum(kl, axis=-1))
            """,
        ),
        (
            "tf.math.expm1",
            """
            def kl_divergence(z_mean, z_log_var):
                each = 0.5 * (tf.square(z_mean) + tf.math.expm1(z_log_var) - z_log_var)
                return tf.reduce_mean(tf.reduce_sum(each, 1))
            """,
        ),
        (
            "keras.ops",
            """
            import keras

            def kl_divergence(z_mean, z_log_var):
                ops = keras.ops
                kl = -0.5 * (1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var))
                return ops.mean(ops.sum(kl, axis=1))
            """,
        ),
        (
            "@tf.function, a helper",
            """
            def one(mean, log_var):
                return -0.5 * (1 + log_var - mean**2 - tf.exp(log_var))

            @tf.function
            def kl_divergence(z_mean, z_log_var):
                return tf.reduce_mean(tf.reduce_sum(one(z_mean, z_log_var), axis=-1))
            """,
        ),
    ]
]

SAMPLES = [
    variant("reparameterize", name, source)
    for name, source in [
        (
            "the shape in parts, as in many examples",
            """
            def reparameterize(z_mean, z_log_var):
                batch = tf.shape(z_mean)[0]
                dim = tf.shape(z_mean)[1]
                epsilon = tf.random.normal(shape=(batch, dim))
                return z_mean + tf.exp(0.5 * z_log_var) * epsilon
            """,
        ),
        (
            "the root of the variance",
            """
            def reparameterize(z_mean, z_log_var):
                eps = tf.random.normal(z_mean.shape)
                return eps * tf.sqrt(tf.exp(z_log_var)) + z_mean
            """,
        ),
        (
            "Keras's noise",
            """
            import keras

            def reparameterize(z_mean, z_log_var):
                epsilon = keras.random.normal(shape=keras.ops.shape(z_mean))
                return z_mean + keras.ops.exp(0.5 * z_log_var) * epsilon
            """,
        ),
        (
            "mean and deviation given to the draw",
            """
            def reparameterize(z_mean, z_log_var):
                return tf.random.normal(tf.shape(z_mean), z_mean, tf.exp(z_log_var / 2))
            """,
        ),
        (
            "prints, a name for the deviation",
            """
            def reparameterize(z_mean, z_log_var):
                sigma = tf.math.exp(z_log_var / 2.0)
                epsilon = tf.random.normal(tf.shape(sigma), mean=0.0, stddev=1.0)
                print("drawn", sigma.shape)
                return tf.add(z_mean, tf.multiply(sigma, epsilon))
            """,
        ),
        (
            "a generator",
            """
            def reparameterize(z_mean, z_log_var):
                noise = tf.random.get_global_generator().normal(tf.shape(z_mean))
                return z_mean + noise * tf.pow(tf.exp(z_log_var), 0.5)
            """,
        ),
        (
            "@tf.function",
            """
            @tf.function
            def reparameterize(z_mean, z_log_var):
                return z_mean + tf.exp(z_log_var / 2) * tf.random.normal(tf.shape(z_log_var))
            """,
        ),
    ]
]

SUMS = [
    variant("vae_loss", name, source)
    for name, source in [
        (
            "step by step, prints",
            """
            def vae_loss(x, x_hat, z_mean, z_log_var, beta=1.0):
                loss = None
                first = reconstruction_loss(x, x_hat)
                second = kl_divergence(z_mean, z_log_var)
                loss = tf.add(first, tf.multiply(beta, second))
                print("J =", loss)
                return loss
            """,
        ),
        (
            "by name",
            """
            def vae_loss(x, x_hat, z_mean, z_log_var, beta=1):
                kl = kl_divergence(z_mean=z_mean, z_log_var=z_log_var)
                return kl * beta + reconstruction_loss(x=x, x_hat=x_hat)
            """,
        ),
        (
            "written out",
            """
            def vae_loss(x, x_hat, z_mean, z_log_var, beta=1.0):
                bce = tf.keras.losses.binary_crossentropy(x, x_hat)
                kl = -0.5 * (1 + z_log_var - z_mean**2 - tf.exp(z_log_var))
                each = tf.reduce_sum(bce, axis=(1, 2)) + beta * tf.reduce_sum(kl, axis=1)
                return tf.reduce_mean(each)
            """,
        ),
        (
            "tf.add_n",
            """
            def vae_loss(x, x_hat, z_mean, z_log_var, beta: float = 1.0):
                "My loss."
                weighted = tf.cast(beta, tf.float32) * kl_divergence(z_mean, z_log_var)
                return tf.add_n([reconstruction_loss(x, x_hat), weighted])
            """,
        ),
        (
            "@tf.function",
            """
            @tf.function
            def vae_loss(x, x_hat, z_mean, z_log_var, beta=1.0):
                return reconstruction_loss(x, x_hat) + beta * kl_divergence(z_mean, z_log_var)
            """,
        ),
    ]
]

WAYS = [
    variant("interpolate", name, source)
    for name, source in [
        (
            "np.linspace alone",
            """
            def interpolate(z_start, z_end, n):
                return np.linspace(z_start, z_end, n)
            """,
        ),
        (
            "tf.linspace",
            """
            def interpolate(z_start, z_end, n):
                return tf.linspace(tf.constant(z_start), tf.constant(z_end), n)
            """,
        ),
        (
            "a loop, a list of arrays",
            """
            def interpolate(z_start, z_end, n):
                codes = []
                for i in range(n):
                    codes.append(z_start + i / (n - 1) * (z_end - z_start))
                return codes
            """,
        ),
        (
            "an outer product",
            """
            def interpolate(z_start, z_end, n):
                way = np.arange(n) / (n - 1)
                return np.asarray(z_start) + np.outer(way, np.subtract(z_end, z_start))
            """,
        ),
        (
            "dimension by dimension",
            """
            def interpolate(z_start, z_end, n):
                columns = [np.linspace(a, b, num=n) for a, b in zip(z_start, z_end)]
                return np.stack(columns, axis=1).astype("float32")
            """,
        ),
        (
            "a tensor, prints",
            """
            def interpolate(z_start, z_end, n):
                t = tf.reshape(tf.linspace(0.0, 1.0, n), (-1, 1))
                z = (1 - t) * z_start + t * z_end
                print(z.shape)
                return z
            """,
        ),
        (
            "SciPy",
            """
            from scipy.interpolate import interp1d

            def interpolate(z_start, z_end, n):
                line = interp1d([0, 1], np.vstack([z_start, z_end]), axis=0)
                return line(np.linspace(0, 1, n))
            """,
        ),
    ]
]

VARIANTS = [*ENCODERS, *DECODERS, *RECONSTRUCTION, *KL, *SAMPLES, *SUMS, *WAYS]
