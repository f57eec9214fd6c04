import { defineConfig } from 'vite';

// Everything in files of our own: the content policy of tessera-signald allows neither inline script nor inline style.
export default defineConfig({
    base: '/',
    clearScreen: false,
    logLevel: 'warn',
    build: {
        target: 'es2022',
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        emptyOutDir: true,
        reportCompressedSize: false,
    },
});
