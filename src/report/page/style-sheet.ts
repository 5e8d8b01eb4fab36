import { colours, properties } from "../figure/theme.ts";

/** The style of a report: the reader's light or dark, black on white in print. */
export const styleSheet = `:root{${properties(colours.light)};--card:#F5F7F9;color-scheme:light}
@media (prefers-color-scheme:dark){:root{${properties(colours.dark)};--card:#1D232A;color-scheme:dark}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:46rem;padding:1.5rem 1rem 4rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,"DejaVu Sans",Helvetica,Arial,sans-serif}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 .2rem}
h2{font-size:1.2rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--grid);padding-bottom:.2rem}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
p{margin:.5rem 0}
a{color:inherit}
h1,h2,h3,p,li,figcaption,dd{overflow-wrap:anywhere}
.faint,figcaption,caption{color:var(--faint)}
.verdict{background:var(--card);border-left:.35rem solid var(--ink);padding:.8rem 1rem;margin:1rem 0}
.verdict.alarm{border-color:var(--alarm)}
.verdict h2{border:0;margin:0;padding:0;font-size:1.3rem}
.verdict .number{font-size:1.15rem;font-weight:600}
.verdict ul{margin:.4rem 0 0;padding-left:1.2rem}
figure{margin:1.4rem 0}
figure svg{max-width:100%;height:auto;display:block;width:100%}
figure.column svg{width:26rem}
figure.page svg{width:min(52rem,100vw - 3rem);max-width:none;margin-left:calc((100% - min(52rem,100vw - 3rem))/2)}
figcaption{font-size:.9rem;margin-top:.3rem}
details{font-size:.9rem;margin:.3rem 0}
summary{cursor:pointer}
.scroll{overflow:auto;max-height:24rem}
table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums;margin:.5rem 0}
caption{text-align:left;padding-bottom:.3rem}
th,td{text-align:left;padding:.15rem .9rem .15rem 0;border-bottom:1px solid var(--grid);vertical-align:top}
.long td{overflow-wrap:anywhere}
td.n,th.n{text-align:right;white-space:nowrap}
code,pre{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:.85rem}
pre{background:var(--card);padding:.7rem .9rem;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}
@page{margin:18mm}
@media print{:root{${properties(colours.print)};--card:#FFFFFF;color-scheme:light}
body{max-width:none;padding:0;font-size:10pt}
.verdict{border:1px solid var(--ink);border-left-width:.35rem}
figure,.verdict,tr{break-inside:avoid}h2,h3{break-after:avoid}
.verdict .number,figcaption{color:inherit}figure.column svg{width:3.6in}
figure.page svg{width:100%;margin-left:0}td{overflow-wrap:anywhere}
.scroll{overflow:visible;max-height:none}details:not([open]){display:none}}
`;
