/** What build.mjs puts into the bundles in place of a name. */

/** Version of Chatgate, from package.json. */
declare const CHATGATE_VERSION: string
